/** docs/embedding.md shows the programs that the package test compiles and runs, character for character. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const EXAMPLES = join(import.meta.dirname, 'example');
const page = readFileSync(join(import.meta.dirname, '../../docs/embedding.md'), 'utf8');
const blocks = [...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = '']) => code);

for (const file of readdirSync(EXAMPLES).filter((name) => name.endsWith('.ts')))
  test(`the page shows ${file} as it is`, () =>
    assert.ok(blocks.includes(readFileSync(join(EXAMPLES, file), 'utf8')), 'copy the file into the page'));

test('every code block of the page is one of these programs', () => {
  const programs = readdirSync(EXAMPLES).filter((name) => name.endsWith('.ts'));
  assert.equal(blocks.length, programs.length);
});
