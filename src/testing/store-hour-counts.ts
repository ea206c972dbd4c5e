/** The contract of a Store for the counts of each hour. */
import assert from 'node:assert/strict';
import type { HourCount } from '../core/hour-counts.ts';
import type { Check } from './opened-store.ts';
import { attemptFor } from './store-attempts.ts';
import { later } from './store-samples.ts';

const HOUR = 3_600;

const count = (hours: number, number: number, more: Partial<HourCount> = {}): HourCount => ({
  hour: later(hours * HOUR),
  endpoint: '/one',
  outcome: 'issued',
  number,
  ...more,
});

/** Declares them. */
export function hourCounts(check: Check): void {
  check('counts of an hour add up, whichever server they come from', async ({ store }) => {
    const refused = count(0, 1, { outcome: 'refused' });
    await store.recordAttempts([attemptFor(1)], [count(0, 3), refused]);
    await Promise.all([store.recordAttempts([], [count(0, 2)]), store.recordAttempts([], [refused, count(0, 4)])]);
    assert.deepEqual(await store.findHourCounts(later(0)), [count(0, 9), { ...refused, number: 2 }]);
    assert.equal((await store.findAttempts({ limit: 9 })).length, 1);
  });

  check('counts are listed from an hour on, the oldest first, then by endpoint', async ({ store }) => {
    const other = count(1, 7, { endpoint: '/other', outcome: 'waiting' });
    await store.recordAttempts([], [count(2, 5), other, count(1, 1), count(0, 1)]);
    assert.deepEqual(await store.findHourCounts(later(HOUR)), [count(1, 1), other, count(2, 5)]);
    assert.deepEqual(await store.findHourCounts(later(3 * HOUR)), []);
  });

  check('counts of the hours before a moment are removed', async ({ store }) => {
    await store.recordAttempts([], [count(0, 1), count(1, 1), count(2, 1)]);
    assert.equal(await store.removeHourCounts(later(2 * HOUR)), 2);
    assert.deepEqual(await store.findHourCounts(later(0)), [count(2, 1)]);
    assert.equal(await store.removeHourCounts(later(2 * HOUR)), 0);
  });
}
