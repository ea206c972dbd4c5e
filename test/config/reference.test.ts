/** docs/configuration.md is generated from the table, and the table describes every key. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { allEntries, EXAMPLES, referenceMarkdown } from '../../src/config/reference.ts';
import { configSchema } from '../../src/config/schema.ts';
import { matches } from '../../src/config/yaml/table.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'configuration.md');

test('docs/configuration.md is up to date', () => {
  assert.equal(readFileSync(PAGE, 'utf8'), referenceMarkdown(), 'run: node src/cli/documentation.ts');
});

test('every key has a description that is a sentence, and an example', () => {
  const keys = allEntries().filter(({ path }) => !['*', '[]'].includes(path.at(-1) ?? '[]'));
  assert.ok(keys.length > 50);
  for (const { path, description, example } of keys) {
    assert.match(description ?? '', /^[A-Z`].+\.$/, path.join('.'));
    assert.notEqual(example, '', path.join('.'));
  }
});

test('every key is on the page', () => {
  const page = referenceMarkdown();
  for (const { path } of allEntries().filter(({ path }) => path.length > 0))
    for (const part of path.filter((part) => !['*', '[]'].includes(part))) assert.ok(page.includes(part), part);
});

/** Every path of plain data, mappings and lists included. */
function* pathsOf(value: unknown, path: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value))
    yield* pathsOf(each, [...path, Array.isArray(value) ? Number(key) : key]);
}

test('every key of the examples has a row', () => {
  const rows = allEntries();
  for (const text of Object.values(EXAMPLES))
    for (const path of pathsOf(parse(text)))
      assert.ok(path.length === 0 || rows.some((row) => matches(row.path, path)), path.join('.'));
});

test('every key of the schema has a row', () => {
  const context = { resolve: String, read: String };
  const schema = configSchema(context, { profile: z.unknown(), endpoint: z.unknown() });
  const top = allEntries().filter(({ path }) => path.length === 1);
  assert.deepEqual(
    top.map(({ path }) => path[0]),
    Object.keys(schema.shape),
  );
});
