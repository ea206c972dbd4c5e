/** The model of `npm run plan`: its queue by hand-made cases, its arithmetic by numbers that were worked out on paper. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { read } from '../docs/read.ts';
import { seededChance } from '../bench/burst/arrivals.ts';
import type { BurstResult } from '../bench/burst/measured.ts';
import { playedBurst } from './bursts.ts';
import { comparisons, isWithin } from './check.ts';
import { eventQueue } from './events.ts';
import { DEFAULTS, needsOf } from './needs.ts';
import { askedFor, secondsOf } from './options.ts';
import { withTables } from './page.ts';
import { playQueue, type QueuePlan } from './queue.ts';
import { count, size, time } from './words.ts';

/** Two enrolments a second, and a chance in the middle: Retry-After is 10 s. */
const PLAN: QueuePlan = {
  arrivals: [],
  capacity: 2,
  answerWithin: 10,
  refusal: 0,
  compression: 1,
  chance: () => 0.5,
};
const played = (plan: Partial<QueuePlan>) => playQueue({ ...PLAN, ...plan });

test('events come in the order of their times, and arrivals before what was added later', () => {
  const events = eventQueue([1, 2, 9]);
  for (const at of [8, 3, 7, 2.5, 11, 3]) events.add({ at, device: 9 });
  const times: number[] = [];
  for (let next = events.next(); next; next = events.next()) times.push(next.at);
  assert.deepEqual(times, [1, 2, 2.5, 3, 3, 7, 8, 9, 11]);
});

test('devices that arrive one by one wait for nothing but their own enrolment', () => {
  const result = played({ arrivals: [0, 10, 20] });
  assert.deepEqual(result, { seconds: 20.5, until: { p50: 0.5, p99: 0.5 }, refused: 0, longest: 0 });
});

test('devices that arrive at once are served one after the other', () => {
  const result = played({ arrivals: [0, 0, 0, 0] });
  assert.deepEqual(result, { seconds: 2, until: { p50: 1.5, p99: 2 }, refused: 0, longest: 1.5 });
});

test('a device that would wait longer than the bound gets 503, and is served when it comes again after Retry-After', () => {
  const result = played({ arrivals: [0, 0, 0], answerWithin: 1 });
  assert.equal(result.refused, 1);
  // With 1 s ahead Retry-After is 5 to 15 s, 10 in the middle.
  assert.equal(result.seconds, 10.5);
  assert.equal(played({ arrivals: [0, 0, 0], answerWithin: 1, compression: 10 }).seconds, 1.5);
});

test('refusals take time from those that are served, and half of it at most', () => {
  const arrivals = Array.from({ length: 400 }, (_, n) => n / 10);
  const secondsWith = (refusal: number) =>
    played({ arrivals, answerWithin: 5, refusal, chance: seededChance(1) }).seconds;
  const [without, some, flood] = [secondsWith(0), secondsWith(0.2), secondsWith(1000)];
  assert.ok(some > 1.1 * without, `${some} after ${without}`);
  assert.ok(flood > some && flood < 3 * without, `${flood} after ${without}`);
});

test('a fleet that arrives at half of the capacity is served as it arrives; at twice the capacity it takes more than twice the time', () => {
  const fleet = { ...DEFAULTS, devices: 20_000, lifetime: 365, burst: 3600 };
  const calm = playedBurst(fleet, 11);
  assert.equal(calm.refused, 0);
  assert.ok(Math.abs(calm.seconds - 3600) < 5, String(calm.seconds));
  const crowded = playedBurst(fleet, 2.8);
  assert.ok(crowded.refused > 1 && crowded.seconds > 7000, JSON.stringify(crowded));
});

test('a million devices in an hour, by numbers worked out on paper', () => {
  const needs = needsOf({
    devices: 1e6,
    lifetime: 365,
    burst: 3600,
    years: 2,
    revoked: 0.02,
    intune: 300,
    floor: 1000,
  });
  const { arrival, replicas, threads, cores, databaseCores, connections, stored, crl, sqlite } = needs;
  assert.equal(arrival.toFixed(2), '277.78');
  // 277.78 × 1.63 ms / 0.85 = 0.53 cores; 277.78 × 0.3 s = 83 validations at a time, of 64.
  assert.deepEqual(
    { replicas, threads, cores, databaseCores },
    { replicas: 2, threads: 1, cores: 2, databaseCores: 1 },
  );
  assert.equal(connections, 14);
  assert.equal(stored, 10_580_000_000);
  assert.equal(crl, 900_000);
  assert.equal(sqlite, undefined);
});

test('ten thousand devices fit one server on SQLite; a hundred million in an hour fill the main threads of several', () => {
  const small = needsOf({ ...DEFAULTS, devices: 1e4, lifetime: 365, burst: 3600 });
  assert.equal(small.sqlite, 24_400_000);
  const large = needsOf({ ...DEFAULTS, devices: 1e8, lifetime: 365, burst: 3600, intune: 1 });
  // 27,778 × 0.44 × 924 µs = 11.3 main threads, at 0.85 of each; 27,778 × 1.63 × 924 µs = 41.8 cores, the same.
  assert.deepEqual([large.replicas, large.threads, large.cores], [14, 4, 56]);
});

const MEASURED: BurstResult = {
  devices: 200,
  times: 3,
  store: 'sqlite',
  replicas: 1,
  answerWithin: 10,
  capacity: 20,
  capacityAfter: 20,
  arrival: 60,
  longest: { queued: 0, running: 0, answerMs: 0 },
  atOnce: 0,
  answered: 20,
  latencies: { p50: 0, p99: 0 },
  until: { p50: 3, p99: 7 },
  seconds: 10,
  busy: 0,
  pending: 0,
  unreachable: 0,
  failures: 0,
  reasons: {},
  retries: 0,
  cpu: { servers: 1, main: 1, database: 1, tenant: 1, generator: 1 },
  floor: 1,
  refusal: { servers: Number.NaN, all: Number.NaN },
  octets: 1,
  wal: 1,
  rss: 1,
  proof: { without: 0, differing: 0, several: 0, unknown: 0, untold: 0, toldAgain: 0 },
};

test('the check accepts a burst that took as long as the model says, and rejects one that took half as long again', () => {
  // 200 devices at 20 a second: 10 s.
  assert.equal(isWithin(comparisons({ ...MEASURED, seconds: 10 })), true);
  assert.equal(isWithin(comparisons({ ...MEASURED, seconds: 15 })), false);
});

test('options are read, and what is not understood is named', () => {
  const { fleet } = askedFor(['--devices', '5000', '--lifetime', '90d', '--burst', '30m', '--revoked', '5']);
  assert.deepEqual(
    [fleet.devices, fleet.lifetime, fleet.burst, fleet.revoked, fleet.intune],
    [5000, 90, 1800, 0.05, 300],
  );
  assert.throws(() => secondsOf('soon'), /soon: write a duration/);
  assert.throws(() => askedFor(['--devices', 'many']), /--devices many/);
});

test('numbers, sizes and times are written for people', () => {
  assert.deepEqual([count(277.78), count(2.777), count(0.0316), count(1e6)], ['278', '2.8', '0.032', '1,000,000']);
  assert.deepEqual([size(900), size(4.5e6), size(5.29e11)], ['900 octets', '4.5 MB', '529 GB']);
  assert.deepEqual([time(45), time(3600), time(13_680), time(86_400)], ['45 s', '60 min', '3.8 h', '24 h']);
});

test('the tables of docs/scaling.md are what the model computes; `npm run plan -- --page` writes them', () => {
  const page = read('docs/scaling.md');
  assert.equal(withTables(page), page);
});
