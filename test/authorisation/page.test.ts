/** What can be seen of docs/authorisation.md without a request; `npm run authorisation` sends them. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { read, root } from '../docs/read.ts';
import { pageOf } from './page.ts';
import { ROWS } from './rows.ts';
import { expectedOf, RULES } from './rules.ts';

const expected = ROWS.map(expectedOf);

test('docs/authorisation.md says what the rules say', () =>
  assert.equal(read('docs/authorisation.md'), pageOf(expected.map(({ outcome }) => outcome))));

test('there are 20,000 requests at least, and every rule is behind some', () => {
  assert.ok(ROWS.length >= 20_000, String(ROWS.length));
  const used = new Set(expected.map(({ rule }) => rule));
  assert.deepEqual(
    RULES.map((_, i) => i + 1).filter((rule) => !used.has(rule)),
    [],
  );
});

test('the rules take nothing from the source or from other tests', () => {
  const here = join(root, 'test/authorisation');
  for (const file of [...globSync('*.table.ts', { cwd: here }), 'rules.ts', 'rows.ts', 'page.ts'])
    for (const [, from] of readFileSync(join(here, file), 'utf8').matchAll(/ from '([^']+)'/g))
      assert.match(from!, /^\.\/[a-z]+(\.table)?\.ts$/, file);
});

test('no request without a right challenge gets a certificate, unless a live certificate signs it', () => {
  const exceptions = ROWS.filter(
    ({ challenge, signer }, n) =>
      expected[n]!.outcome === 'issued' &&
      !challenge.startsWith('right') &&
      !['live', 'live, same key', 'live, by SKI'].includes(signer),
  );
  assert.deepEqual(exceptions, []);
});

test('message types other than 17 and 19 issue nothing', () => {
  const issuing = new Set(
    ROWS.filter((_, n) => ['issued', 'pending'].includes(expected[n]!.outcome)).map(({ type }) => type),
  );
  assert.deepEqual(
    issuing,
    new Set([
      '19',
      '17',
      'INTEGER 17',
      'INTEGER 19',
      'UTF8String 17',
      'UTF8String 19',
      'IA5String 19',
      'T61String 19',
      'NumericString 19',
      'OCTET STRING 19',
    ]),
  );
});
