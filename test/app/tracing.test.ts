/** The job that removes rows of the trace: by age at each run, and by number every six hours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oldAttemptsJob, toldBoth } from '../../src/app/tracing.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { attemptFor } from '../../src/testing/store-attempts.ts';

const NOON = new Date('2026-11-27T12:00:00Z').getTime();
const HOUR = 3_600_000;
const timing = { now: () => 0, pause: async () => {} };

test('rows go by age at each run, and by number at the first one and after six hours', async (t) => {
  let now = NOON;
  const clock = () => new Date(now);
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  const record = (hoursAgo: number, number: number) =>
    store.recordAttempts(Array.from({ length: number }, () => attemptFor(1, { at: new Date(now - hoursAgo * HOUR) })));
  const left = async () => (await store.findAttempts({ limit: 1_000 })).length;
  const { run, name } = oldAttemptsJob({ trace: { days: 1, perDevice: 10, perEndpoint: 50 }, store, clock }, timing);
  assert.equal(name, 'old-attempts');
  await record(25, 40);
  await record(23, 60);
  await run(new AbortController().signal);
  assert.equal(await left(), 50);
  await record(0, 20);
  now += 5 * HOUR;
  await run(new AbortController().signal);
  assert.equal(await left(), 20);
  await record(0, 60);
  await run(new AbortController().signal);
  assert.equal(await left(), 80);
  now += HOUR;
  await run(new AbortController().signal);
  assert.equal(await left(), 50);
});

test('counts of hours go by the same age', async (t) => {
  const clock = () => new Date(NOON);
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  const count = (hours: number) => ({
    hour: new Date(NOON - hours * HOUR),
    endpoint: '/one',
    outcome: 'issued' as const,
    number: 1,
  });
  await store.recordAttempts([], [count(25), count(24), count(0)]);
  await oldAttemptsJob({ trace: { days: 1, perDevice: 10, perEndpoint: 50 }, store, clock }, timing).run(
    new AbortController().signal,
  );
  assert.deepEqual(await store.findHourCounts(new Date(0)), [count(24), count(0)]);
});

test('two subscribers are told, and one alone is itself', () => {
  const told: string[] = [];
  const first = () => void told.push('first');
  const second = () => void told.push('second');
  toldBoth(first, second)?.({ event: 'server-stopped', version: '1' });
  assert.deepEqual(told, ['first', 'second']);
  assert.deepEqual(
    [toldBoth(first, undefined), toldBoth(undefined, second), toldBoth(undefined, undefined)],
    [first, second, undefined],
  );
});
