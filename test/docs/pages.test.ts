/** What the documentation claims is true: generated pages are current, and every script, room, page and link exists. */
import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { PAGES } from '../../src/cli/documentation.ts';
import { ROOMS } from '../architecture.table.ts';
import { pages, read, root } from './read.ts';

for (const [file, make] of Object.entries(PAGES))
  test(`docs/${file} is what the code says; \`npm run docs\` writes it`, () =>
    assert.equal(read(`docs/${file}`), make()));

test('README has the two set-up commands', () => {
  for (const command of ['npm ci && npm start', 'npm ci && npm test'])
    assert.ok(read('README.md').includes(command), command);
});

test('README names every script of package.json that people run', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const script of Object.keys(scripts).filter((name) => !['start', 'test', 'prepack', 'postpack'].includes(name)))
    assert.ok(read('README.md').includes(`npm run ${script}`), script);
});

test('every room has a row in the map of docs/architecture.md', () => {
  const map = read('docs/architecture.md');
  for (const room of Object.keys(ROOMS)) assert.ok(map.includes(`\n| \`${room}/\` | `), room);
});

for (const page of pages)
  test(`links of ${page} lead somewhere`, () => {
    for (const [, target] of read(page).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g))
      assert.ok(existsSync(join(root, dirname(page), target!)), `${page}: ${target}`);
  });

test('every page of docs/ is reachable from the README', () => {
  for (const page of pages.filter((name) => name.startsWith('docs/')))
    assert.ok(read('README.md').includes(`(${page})`), page);
});

test('every page of docs/ that a text of the server names exists', () => {
  const named = globSync('src/**/*.ts', { cwd: root }).flatMap((file) =>
    [...read(file).matchAll(/docs\/[\w-]+\.md/g)].map(([page]) => page),
  );
  assert.ok(named.includes('docs/reverse-proxies.md'));
  assert.deepEqual(
    [...new Set(named)].filter((page) => !existsSync(join(root, page))),
    [],
  );
});

test('every word of docs/glossary.md is a word of the source', () => {
  const source = globSync('src/**/*.ts', { cwd: root }).map(read).join('\n').toLowerCase();
  const words = [...read('docs/glossary.md').matchAll(/^\| (?!word \|)([^|`]+) \|/gm)].flatMap(([, cell]) =>
    cell!.split(', ').map((word) => word.toLowerCase()),
  );
  assert.ok(words.length >= 40, String(words.length));
  const spellings = (word: string): string[] => [word, word.replace(/ (\w)/g, '$1'), word.replaceAll(' ', '-')];
  assert.deepEqual(
    words.filter((word) => !spellings(word).some((spelling) => source.includes(spelling))),
    [],
  );
});

test('every file that CONTRIBUTING sends people to exists', () => {
  const named = [...read('CONTRIBUTING.md').matchAll(/`((?:[a-z-]+\/)*[a-z-]+(?:\.[a-z]+)*\.(?:ts|md))`/g)].map(
    ([, file]) => file!,
  );
  assert.ok(named.length > 30, String(named.length));
  assert.deepEqual(
    named.filter((file) => !existsSync(join(root, file)) && !existsSync(join(root, 'src', file))),
    [],
  );
});

test('every bound of docs/limits.md names a test that exists', () => {
  const rows = [...read('docs/limits.md').matchAll(/^\|.*\| \[(test\/[\w/.-]+)\]\(.*?\): (.*) \|$/gm)];
  assert.ok(rows.length >= 25, String(rows.length));
  for (const [, file = '', title = ''] of rows) assert.ok(read(file).includes(title), `${file}: ${title}`);
  assert.equal(
    rows.length,
    [...read('docs/limits.md').matchAll(/^\| (?!bound )[^-]/gm)].length,
    'a row without a test',
  );
});
