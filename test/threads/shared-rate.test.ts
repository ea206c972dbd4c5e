/** A rate that threads share: how many at once, how many later, and how long to wait. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SharedRate, takeOne } from '../../src/threads/shared-rate.ts';

const START = Date.UTC(2026, 0, 1);
const at = (seconds: number): Date => new Date(START + seconds * 1000);
const rate = (most: number, seconds: number): SharedRate => ({
  most,
  per: seconds * 1000,
  memory: new BigInt64Array(new SharedArrayBuffer(8)),
});

test('three at once, the fourth after a third of the time, and three again when nothing was taken for all of it', () => {
  const three = rate(3, 60);
  const waits = (seconds: number, count: number) => Array.from({ length: count }, () => takeOne(three, at(seconds)));
  assert.deepEqual(waits(0, 5), [0, 0, 0, 20_001, 20_001]);
  assert.deepEqual(waits(19, 1), [1_001]);
  assert.deepEqual(waits(20, 2), [0, 20_001]);
  assert.deepEqual(waits(1_000, 4), [0, 0, 0, 20_001]);
});

test('a number that does not divide the time gives as many as it says', () => {
  const seven = rate(7, 60);
  assert.deepEqual(
    Array.from({ length: 8 }, () => takeOne(seven, at(0)) > 0),
    [false, false, false, false, false, false, false, true],
  );
});

test('who shares the memory shares the rate', () => {
  const one = rate(1, 60);
  assert.equal(takeOne(one, at(0)), 0);
  assert.equal(takeOne({ ...one }, at(1)), 59_001);
  assert.equal(takeOne(rate(1, 60), at(1)), 0);
});
