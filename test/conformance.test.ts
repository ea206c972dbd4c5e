/**
 * What can be seen of docs/conformance.md without running anything: every case is proven, by tests that exist, and no test
 * claims a case that does not. After a whole run `npm test` compares the page with what ran (conformance/check.ts).
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CASES } from './conformance/cases.ts';
import { type Citation, pageOf, readPage } from './conformance/page.ts';
import type { Proof, Result } from './conformance/reporter.ts';
import { casesOf, declares, type StaticTitle, staticTitles } from './conformance/titles.ts';

const root = join(import.meta.dirname, '..');
const page = readPage(readFileSync(join(root, 'docs/conformance.md'), 'utf8'));
const AGAIN = '`npm run conformance` writes the page';

// Titles may come from data, as those of the vectors do.
const files = globSync(['test/**/*.{ts,json}', 'src/testing/*.ts'], {
  cwd: root,
  exclude: ['**/node_modules/**', '**/target/**'],
}).map((file) => ({
  file,
  titles: staticTitles(readFileSync(join(root, file), 'utf8')),
}));

test('every case has its line, with the requirement and the witness of the table', () => {
  const said = page.map(({ id, requires, witness }) => ({ id, requires, witness }));
  const wanted = Object.entries(CASES).map(([id, { requires, witness }]) => ({ id, requires, witness }));
  assert.deepEqual(said, wanted, AGAIN);
});

for (const { id, result, cited } of page)
  test(`case ${id} is proven by tests that pass`, () => {
    assert.equal(result, 'pass', AGAIN);
    assert.ok(cited.length > 0, 'no test is cited');
  });

for (const { file, title } of page.flatMap(({ cited }) => cited))
  test(`cited: ${file}: ${title}`, () => {
    assert.ok(existsSync(join(root, file)), `${file} is gone; ${AGAIN}`);
    const found = files.find((one) => one.file === file)?.titles ?? [];
    assert.ok(
      title.split(' › ').some((part) => found.some((literal) => declares(literal, part))),
      `${file} has no such title; ${AGAIN}`,
    );
  });

test('no title names a case that is not in the table', () => {
  const unknown = files.flatMap(({ file, titles }) =>
    titles.flatMap(([first = '']) =>
      casesOf(first)
        .filter((id) => !(id in CASES))
        .map((id) => `${file}: ${id}`),
    ),
  );
  assert.deepEqual(unknown, []);
});

const proof = (title: string, result: Result, file = 'test/a.test.ts'): Proof => ({ file, titles: [title], result });
const lineOf = (id: string, ...proofs: readonly Proof[]) => readPage(pageOf(proofs)).find((line) => line.id === id);

test('the page is read as it was written, whatever is in a title', () => {
  const title = 'H01 a | b <br> `c` [d](e) &#124; *f* \\ g_h\n- i';
  const cited: Citation[] = [{ file: 'test/a.test.ts', title }];
  assert.deepEqual(lineOf('H01', proof(title, 'pass'))?.cited, cited);
});

test('the page is the same in whatever order the tests ended', () => {
  const proofs = ['H01 a', 'H01 b', 'H02 c', 'H01 H02 d'].map((title) => proof(title, 'pass'));
  assert.equal(pageOf(proofs), pageOf(proofs.toReversed()));
});

test('one failure fails a case; what is skipped proves nothing; the rest is counted', () => {
  assert.equal(lineOf('H01', proof('H01 a', 'pass'), proof('H01 b', 'fail'))?.result, 'fail');
  assert.equal(lineOf('H01', proof('H01 a', 'skip'))?.result, 'skip');
  assert.equal(lineOf('H01', proof('H02 a', 'pass'))?.result, 'no test');
  const five = Array.from({ length: 5 }, (_, i) => proof(`H01 ${i}`, 'pass', i === 4 ? 'test/b.test.ts' : undefined));
  const { cited, more } = lineOf('H01', ...five) ?? {};
  assert.deepEqual(
    cited?.map(({ title }) => title),
    ['H01 0', 'H01 4', 'H01 1'],
  );
  assert.equal(more, 2);
});

test('the scan finds titles in strings and templates, and recognises them', () => {
  const source =
    "test('P01 one', f); test(`E12 Q04 ${what}, ${a.join(' ')} end`, f); const rows = { \"H08 it's\": 1 }; 'P010', 'no P01'";
  const titles: StaticTitle[] = [['P01 one'], ['E12 Q04 ', ', ', ' end'], ["H08 it's"]];
  assert.deepEqual(staticTitles(source), titles);
  assert.ok(declares(titles[1]!, 'E12 Q04 garbage, a b end'));
  assert.ok(!declares(titles[1]!, 'E12 Q04 garbage'));
  assert.ok(!declares(titles[0]!, 'P01 two'));
  assert.deepEqual(casesOf('E12 Q04 garbage'), ['E12', 'Q04']);
  assert.deepEqual(casesOf('P010 is none'), []);
});
