/** How things that begin and end stand at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notInForce, type Standing, standingOf, standingText, type Watched } from '../../src/core/watched.ts';

const ca: Watched = {
  what: 'issuing CA',
  subject: 'CN=Test',
  validity: { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2036-01-01T00:00:00Z') },
};
const at = (time: string): Date => new Date(time);

test('in force from its first to its last second, announced for 90 days', () => {
  const rows: [string, Standing][] = [
    ['2025-12-31T23:59:59Z', 'not yet valid'],
    ['2026-01-01T00:00:00Z', 'valid'],
    ['2035-10-02T00:00:00Z', 'valid'],
    ['2035-10-03T00:00:00Z', 'ends'],
    ['2036-01-01T00:00:00Z', 'ends'],
    ['2036-01-01T00:00:01Z', 'ended'],
  ];
  for (const [time, expected] of rows) assert.equal(standingOf(ca, at(time)), expected, time);
});

test('a CA with a short life is announced like every other; a leaf that is made to live 90 days only in its last 30', () => {
  const validity = { notBefore: at('2026-01-01T00:00:00Z'), notAfter: at('2026-04-01T00:00:00Z') };
  const rows: [string, Standing, Standing][] = [
    ['2026-01-02T00:00:00Z', 'ends', 'valid'],
    ['2026-03-01T00:00:00Z', 'ends', 'valid'],
    ['2026-03-02T00:00:00Z', 'ends', 'ends'],
  ];
  for (const [time, asCa, asLeaf] of rows)
    assert.deepEqual(
      [standingOf({ validity }, at(time)), standingOf({ validity, leaf: true }, at(time))],
      [asCa, asLeaf],
      time,
    );
});

test('what this server renews by itself is announced only when its renewal is late', () => {
  const ra = { ...ca, automatic: true };
  const rows: [string, Standing][] = [
    ['2035-10-03T00:00:00Z', 'valid'],
    ['2035-12-17T00:00:00Z', 'valid'],
    ['2035-12-18T00:00:00Z', 'ends'],
    ['2036-01-01T00:00:01Z', 'ended'],
  ];
  for (const [time, expected] of rows) assert.equal(standingOf(ra, at(time)), expected, time);
});

test('the text has the time, and days where there are some', () => {
  assert.equal(standingText(ca, at('2030-01-01T00:00:00Z')), 'valid until 2036-01-01T00:00:00.000Z');
  assert.equal(standingText(ca, at('2035-12-30T00:00:00Z')), 'ends in 2 days, at 2036-01-01T00:00:00.000Z');
  assert.equal(standingText(ca, at('2036-02-01T00:00:00Z')), 'ended at 2036-01-01T00:00:00.000Z');
  assert.equal(standingText(ca, at('2025-02-01T00:00:00Z')), 'is not valid before 2026-01-01T00:00:00.000Z');
});

test('one that is not in force is enough', () => {
  const ra = {
    ...ca,
    what: 'RA',
    subject: 'CN=Test RA',
    validity: { ...ca.validity, notAfter: at('2028-01-01T00:00:00Z') },
  };
  assert.equal(notInForce([ca, ra], at('2027-01-01T00:00:00Z')), undefined);
  assert.equal(notInForce([ca, ra], at('2029-01-01T00:00:00Z')), 'RA CN=Test RA ended at 2028-01-01T00:00:00.000Z');
  assert.equal(notInForce([], at('2029-01-01T00:00:00Z')), undefined);
});
