/** Durations as text and in milliseconds, and suggestions for misspelt words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { didYouMean, nearest } from '../../src/config/yaml/did-you-mean.ts';
import { durationText, parseDuration } from '../../src/config/yaml/units.ts';

const SECONDS = { d: 86_400, h: 3600, m: 60, s: 1 } as const;
const LONGEST = 36_500 * SECONDS.d;

test('durations in every unit', () => {
  for (const [text, milliseconds] of [
    ['365d', 31_536_000_000],
    ['24h', 86_400_000],
    ['60m', 3_600_000],
    ['90s', 90_000],
    ['0', 0],
    ['0d', 0],
    ['007s', 7000],
  ] as const)
    assert.equal(parseDuration(text), milliseconds, text);
});

test('text that is not a duration', () => {
  for (const text of [
    '',
    '1',
    '1w',
    '1D',
    '-1d',
    '+1d',
    '1.5h',
    '1d2h',
    ' 1d',
    '1d ',
    'd',
    '1e3s',
    '36501d',
    '9'.repeat(400) + 'd',
  ])
    assert.equal(parseDuration(text), undefined, JSON.stringify(text));
});

test('a count and a unit mean count times unit, up to a hundred years', () => {
  fc.assert(
    fc.property(fc.nat({ max: 4_000_000_000 }), fc.constantFrom('d', 'h', 'm', 's'), (count, unit) => {
      const seconds = count * SECONDS[unit];
      assert.equal(parseDuration(`${count}${unit}`), seconds <= LONGEST ? seconds * 1000 : undefined);
    }),
  );
});

test('a duration that is written and read again is the same', () => {
  fc.assert(
    fc.property(fc.nat({ max: LONGEST }), (seconds) => {
      assert.equal(parseDuration(durationText(seconds * 1000)), seconds * 1000);
    }),
  );
});

test('every text that is a duration can be written and read again', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\d{0,12}[dhmsw]?$/), (text) => {
      const milliseconds = parseDuration(text);
      if (milliseconds !== undefined) assert.equal(parseDuration(durationText(milliseconds)), milliseconds);
    }),
  );
});

test('a misspelt word gets a suggestion', () => {
  const words = ['certificate', 'chain', 'key', 'passphrase', 'ra'];
  for (const [written, meant] of [
    ['certifcate', 'certificate'],
    ['Chain', 'chain'],
    ['kye', 'key'],
    ['pass-phrase', 'passphrase'],
    ['ar', 'ra'],
    ['colour', undefined],
  ] as const)
    assert.equal(nearest(written, words), meant, written);
  assert.equal(didYouMean('colour', ['key']), 'Known: `key`.');
  assert.equal(didYouMean('colour', []), 'None is defined yet.');
});
