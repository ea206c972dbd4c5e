/** Every section of RFC 8894 that source, pages and tests cite exists. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { sep } from 'node:path';
import { test } from 'node:test';
import { pages, read, root } from './read.ts';

/** The table of contents of RFC 8894, sections 1 to 8. */
const SECTIONS = new Set(
  [
    '1 1.1',
    '2 2.1 2.1.1 2.1.2 2.2 2.3 2.4 2.5 2.5.1 2.6 2.7 2.8 2.9',
    '3 3.1 3.2 3.2.1 3.2.1.1 3.2.1.2 3.2.1.3 3.2.1.4 3.2.1.5 3.2.2',
    '3.3 3.3.1 3.3.2 3.3.2.1 3.3.2.2 3.3.2.3 3.3.3 3.3.4 3.4 3.5 3.5.1 3.5.2',
    '4 4.1 4.2 4.2.1 4.2.1.1 4.2.1.2 4.3 4.3.1 4.4 4.4.1 4.5 4.5.1 4.6 4.6.1 4.7 4.7.1',
    '5 5.1 5.2 6 6.1 6.2 6.3 6.4 7 7.1 7.2 7.3 7.4 7.5 7.6 7.7 7.8 7.9 7.10 8 8.1 8.2',
  ].flatMap((line) => line.split(' ')),
);

/** A citation may go on in the next line of a comment. */
const oneLine = (text: string): string => text.replace(/\s*\n\s*(?:\*|\/\/)?\s*/g, ' ');

/** The sections that a text cites, such as those of `RFC 8894 3.3.3, 4.4 and 7.1`. */
const cited = (text: string): string[] =>
  [...oneLine(text).matchAll(/RFC(?: |&nbsp;)8894,? (\d(?:\.\d+)*(?:(?:,| and| with) \d(?:\.\d+)+)*)/g)].flatMap(
    ([, list]) => list!.split(/, | and | with /),
  );

const sources = globSync('{src,test}/**/*.{ts,java,go,c,py}', { cwd: root }).map((file) => file.split(sep).join('/'));

test('a citation is found with all of its sections, also over the end of a line', () => {
  assert.deepEqual(cited('(RFC 8894 3.3.3, 4.4 and 7.1) RFC 8894\n * 3.2.2. RFC 5652 5.4, RFC 8894: 12'), [
    '3.3.3',
    '4.4',
    '7.1',
    '3.2.2',
  ]);
});

test('every section of RFC 8894 that is cited exists', () => {
  const files = [...pages, ...sources];
  const citations = files.flatMap((file) => cited(read(file)).map((section) => ({ file, section })));
  assert.ok(citations.length > 150, String(citations.length));
  assert.deepEqual(
    citations.filter(({ section }) => !SECTIONS.has(section)),
    [],
  );
});
