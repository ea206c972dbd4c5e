/** Patterns: what `*` stands for, and that no text and no pattern take long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compiledPattern, type Wildcard } from '../../src/ca/pattern.ts';

const ANY: Wildcard = { stops: '', escapes: false, ignoresCase: false };
const SUBJECT: Wildcard = { stops: ',+', escapes: true, ignoresCase: false };

const CASES: readonly [pattern: string, text: string, wildcard: Wildcard, matches: boolean][] = [
  ['', '', ANY, true],
  ['', 'a', ANY, false],
  ['*', '', ANY, true],
  ['**', 'ab', ANY, true],
  ['a*', 'a', ANY, true],
  ['a*c', 'abbc', ANY, true],
  ['a*c', 'abbcd', ANY, false],
  ['a*b*c', 'a-c-b-c', ANY, true],
  ['*.x.*', 'a.x.b', ANY, true],
  ['*.x.*', 'a.xx.b', ANY, false],
  ['A*', 'ab', ANY, false],
  ['A*', 'ab', { ...ANY, ignoresCase: true }, true],
  ['*@b', 'a@b@b', { ...ANY, stops: '@' }, false],
  ['CN=*', String.raw`CN=a\,b`, SUBJECT, true],
  ['CN=*', 'CN=a,O=b', SUBJECT, false],
  ['CN=*', 'CN=a+O=b', SUBJECT, false],
  ['CN=*,O=b', String.raw`CN=a\\,O=b`, SUBJECT, true],
  ['CN=*,O=b', String.raw`CN=a\,O=b`, SUBJECT, false],
  ['CN=*', 'CN=a\\', SUBJECT, false],
  // Where the first place that fits is the wrong one, because `*` may not go on from there.
  ['CN=a*b*,O=x', 'CN=abb,O=x', SUBJECT, true],
  ['*a,*b', 'aa,bb', SUBJECT, true],
];
for (const [pattern, text, wildcard, matches] of CASES)
  test(`\`${pattern}\` ${matches ? 'is' : 'is not'} ${JSON.stringify(text)}`, () =>
    assert.equal(compiledPattern(pattern, wildcard)(text), matches));

test('a pattern for which a regular expression takes years is answered', () => {
  const matches = compiledPattern(`${'*a'.repeat(30)}b`, ANY);
  assert.equal(matches('a'.repeat(8_192)), false);
  assert.equal(matches(`${'a'.repeat(8_192)}b`), true);
});
