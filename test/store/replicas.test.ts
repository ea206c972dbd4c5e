/** When a server may take another one for lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steadiness } from '../../src/store/replicas.ts';

const START = 1_800_000_000_000;
/** What it may do at its signs of life, at these seconds. */
const judging = (...seconds: number[]): boolean[] => {
  const steady = steadiness();
  return seconds.map((second) => steady(START + second * 1_000));
};

test('a server judges others at its start, and while its signs of life are regular', () => {
  assert.deepEqual(judging(0, 10, 20, 45, 55), [true, true, true, true, true]);
});

test('after an outage of the database it judges others only after forty seconds of regular signs', () => {
  assert.deepEqual(judging(0, 10, 70, 80, 90, 100, 109, 110), [true, true, false, false, false, false, false, true]);
});

test('a second outage begins the forty seconds anew', () => {
  assert.deepEqual(judging(0, 60, 70, 100, 110, 120, 130, 139, 140), [
    true,
    false,
    false,
    false,
    false,
    false,
    false,
    false,
    true,
  ]);
});

test('when the clock of the database is set back it waits too', () => {
  assert.deepEqual(judging(0, 10, -3_600, -3_590, -3_580, -3_570, -3_560), [
    true,
    true,
    false,
    false,
    false,
    false,
    true,
  ]);
});
