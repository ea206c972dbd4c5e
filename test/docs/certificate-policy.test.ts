/** docs/certificate-policy.md has every section of the outline of RFC 3647, section 6, in its order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { read } from './read.ts';

/** How many sections of the second level each one of the first level has. */
const OUTLINE = { 1: 6, 2: 4, 3: 4, 4: 12, 5: 8, 6: 8, 7: 3, 8: 6, 9: 17 };
const expected = Object.entries(OUTLINE).flatMap(([first, count]) =>
  Array.from({ length: count }, (_, at) => `${first}.${at + 1}`),
);

/** `8.1 to 8.3` as 8.1, 8.2, 8.3. */
const written = (cell: string): string =>
  cell.replace(/(\d)\.(\d+) to \1\.(\d+)(?![.\d])/g, (_, chapter: string, from: string, to: string) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => `${chapter}.${Number(from) + at}`).join(' '),
  );

test('every section of RFC 3647 is in the template for auditors, in its order', () => {
  const cells = [...read('docs/certificate-policy.md').matchAll(/^\| (\d[^|]*) \|/gm)].map(([, cell = '']) =>
    written(cell),
  );
  const named = cells.flatMap((cell) => [...cell.matchAll(/(?<![.\d])(\d\.\d+)/g)].map(([, number]) => number));
  assert.deepEqual([...new Set(named)], expected);
});
