/** Jobs on real stores: two owners on one file, what is recorded, and how often. Time is that of the test. */
import assert from 'node:assert/strict';
import { mock, test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { ServerEvent } from '../../src/core/events.ts';
import type { JobRecord } from '../../src/core/records.ts';
import type { JobStore } from '../../src/core/store.ts';
import type { Job } from '../../src/jobs/leased-job.ts';
import { startJobs } from '../../src/jobs/scheduler.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { temporaryFile } from '../store/temporary.ts';

const NOON = Date.parse('2027-01-01T12:00:00Z');
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const at = (seconds: number): Date => new Date(NOON + seconds * SECOND);
const clock = (): Date => new Date(Date.now());

/** Owners on one file, whose time and intervals stand still until `pass`. */
function heldTime(t: TestContext) {
  mock.timers.enable({ apis: ['Date', 'setInterval'], now: NOON });
  t.after(() => mock.timers.reset());
  const path = temporaryFile();
  const owner = async (name: string, job: Job, { wrap = (store: JobStore) => store, clock: own = clock } = {}) => {
    const store = await openSqliteStore({ path, clock });
    const events: ServerEvent[] = [];
    const { close } = startJobs({
      store: wrap(store),
      jobs: [job],
      owner: name,
      clock: own,
      emit: (event) => void events.push(event),
    });
    t.after(() => close().then(() => store.close()));
    await settled();
    const listed = async (): Promise<JobRecord> => (await store.listJobs())[0]!;
    return { store, events, listed, close };
  };
  return { owner };
}

/** Lets every promise that waits for no timer go on. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await setImmediate();
}

/** Lets so many seconds go by, one after another. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    mock.timers.tick(SECOND);
    await settled();
  }
}

/** A job that runs until `end` is called. `runs` counts how often it began; `stopped` is true when its signal aborted. */
function longJob(every = MINUTE) {
  const state = { runs: 0, atOnce: 0, most: 0, stopped: false };
  let ending = Promise.withResolvers<void>();
  const run = async (signal: AbortSignal): Promise<void> => {
    state.runs++;
    state.most = Math.max(state.most, ++state.atOnce);
    signal.addEventListener('abort', () => (state.stopped = true));
    await ending.promise;
    state.atOnce--;
  };
  const end = async (): Promise<void> => {
    ending.resolve();
    ending = Promise.withResolvers();
    await settled();
  };
  return { job: { name: 'crl', every, run } satisfies Job, state, end };
}

/** A job that ends at once, with an error while `error` is set. */
function shortJob(every: number) {
  const state: { runs: number; error?: string | undefined } = { runs: 0 };
  const run = async (): Promise<void> => {
    state.runs++;
    if (state.error !== undefined) throw new Error(state.error);
  };
  return { job: { name: 'crl', every, run } satisfies Job, state };
}

test('a job that runs for ten minutes is not taken over by another owner, nor begun again by its own', async (t) => {
  const { owner } = heldTime(t);
  const [long, other] = [longJob(5 * SECOND), longJob(5 * SECOND)];
  const first = await owner('first', long.job);
  const second = await owner('second', other.job);
  await pass(600);
  assert.deepEqual([long.state.runs, other.state.runs, long.state.stopped], [1, 0, false]);
  assert.deepEqual(await second.listed(), {
    name: 'crl',
    fence: 1,
    owner: 'first',
    startedAt: at(0),
    leaseUntil: at(720),
  });
  await long.end();
  assert.deepEqual(first.events, []);
  assert.equal((await second.listed()).owner, undefined);
  await other.end();
});

test('the job of an owner that cannot renew is taken over after two minutes, and the old run is stopped', async (t) => {
  const { owner } = heldTime(t);
  const [old, next] = [longJob(), longJob(SECOND)];
  const cutOff = (store: JobStore): JobStore => ({ ...store, renewJob: () => Promise.reject(new Error('no network')) });
  const first = await owner('first', old.job, { wrap: cutOff });
  const second = await owner('second', next.job);
  await pass(119);
  assert.deepEqual([old.state.stopped, next.state.runs], [false, 0]);
  await pass(1);
  assert.deepEqual([old.state.stopped, next.state.runs], [true, 1]);
  await old.end();
  assert.deepEqual(
    first.events.map((event) => event.event === 'job-failed' && [event.job, String(event.err)]),
    [['crl', 'Error: another owner may have the job crl now']],
  );
  const running = { name: 'crl', fence: 2, owner: 'second', startedAt: at(120), leaseUntil: at(240) };
  assert.deepEqual(await second.listed(), running, 'the stale owner records nothing');
  await next.end();
});

test('an owner whose clock stands still learns from the store that another has the job', async (t) => {
  const { owner } = heldTime(t);
  const [old, next] = [longJob(), longJob(SECOND)];
  const cutOff = (store: JobStore): JobStore => ({
    ...store,
    renewJob: (lease) => (clock() > at(121) ? store.renewJob(lease) : Promise.reject(new Error('no network'))),
  });
  await owner('first', old.job, { wrap: cutOff, clock: () => at(0) });
  await owner('second', next.job);
  await pass(149);
  assert.deepEqual([old.state.stopped, next.state.runs], [false, 1]);
  await pass(1);
  assert.deepEqual([old.state.stopped, next.state.runs, next.state.stopped], [true, 1, false]);
  await old.end();
  await next.end();
});

test('a job that ran elsewhere is not due before the time in the store; one that is not due is left alone', async (t) => {
  const { owner } = heldTime(t);
  const [one, other] = [shortJob(5 * MINUTE), shortJob(5 * MINUTE)];
  const first = await owner('first', one.job);
  await pass(100);
  const second = await owner('second', other.job);
  assert.deepEqual([one.state.runs, other.state.runs], [1, 0]);
  assert.deepEqual(await second.listed(), {
    name: 'crl',
    fence: 1,
    startedAt: at(0),
    finishedAt: at(0),
    dueAt: at(300),
  });
  await first.close();
  await pass(300);
  assert.deepEqual([one.state.runs, other.state.runs], [1, 1]);
});

test('a time in the store that no run can have set does not hold a job up: a clock was set back', async (t) => {
  const { owner } = heldTime(t);
  const [one, other] = [shortJob(MINUTE), shortJob(MINUTE)];
  const first = await owner('first', one.job);
  await first.close();
  mock.timers.setTime(NOON - 3_600 * SECOND);
  await owner('second', other.job);
  assert.equal(other.state.runs, 1);
});

test('a job of every five seconds runs 120 times in ten minutes, and writes less than 30 times', async (t) => {
  const { owner } = heldTime(t);
  const { job, state } = shortJob(5 * SECOND);
  let writes = 0;
  const counted = (store: JobStore): JobStore => ({
    ...store,
    claimJob: (lease) => (writes++, store.claimJob(lease)),
    renewJob: (lease) => (writes++, store.renewJob(lease)),
    finishJob: (end) => (writes++, store.finishJob(end)),
  });
  const { listed } = await owner('first', job, { wrap: counted });
  await pass(599);
  assert.equal(state.runs, 120);
  assert.ok(writes < 30, `${writes} writes`);
  const { finishedAt } = await listed();
  assert.ok(finishedAt!.getTime() >= NOON + 599 * SECOND - MINUTE, `last recorded at ${finishedAt!.toISOString()}`);
});

test('an error is recorded when it comes and when it goes, logged with each run, and cut at 500 characters', async (t) => {
  const { owner } = heldTime(t);
  const { job, state } = shortJob(5 * SECOND);
  const { listed, events } = await owner('first', job);
  await pass(5);
  assert.deepEqual(await listed(), {
    name: 'crl',
    fence: 2,
    owner: 'first',
    startedAt: at(5),
    leaseUntil: at(125),
    finishedAt: at(0),
    dueAt: at(5),
  });
  state.error = 'x'.repeat(501);
  await pass(5);
  const failed = { name: 'crl', fence: 2, startedAt: at(5), finishedAt: at(10), dueAt: at(15) };
  assert.deepEqual(await listed(), { ...failed, lastError: 'x'.repeat(500) });
  await pass(10);
  assert.deepEqual(
    events.map((event) => event.event === 'job-failed' && event.job),
    ['crl', 'crl', 'crl'],
  );
  state.error = undefined;
  await pass(5);
  const { lastError, finishedAt } = await listed();
  assert.deepEqual([lastError, finishedAt], [undefined, at(25)]);
});

test('an owner whose clock is set back claims its job anew, because its lease says nothing any more', async (t) => {
  const { owner } = heldTime(t);
  const { job, state } = shortJob(5 * SECOND);
  let ahead = 3_600 * SECOND;
  const { listed } = await owner('first', job, { clock: () => new Date(Date.now() + ahead) });
  await pass(10);
  assert.deepEqual([state.runs, (await listed()).fence], [3, 2]);
  ahead = 0;
  await pass(5);
  assert.deepEqual([state.runs, (await listed()).fence], [4, 3]);
});

test('a store that fails is an event, and the job runs when the store is back', async (t) => {
  const { owner } = heldTime(t);
  const { job, state } = shortJob(5 * SECOND);
  let isBroken = true;
  const broken = (store: JobStore): JobStore => ({
    ...store,
    claimJob: (lease) => (isBroken ? Promise.reject(new Error('disk full')) : store.claimJob(lease)),
  });
  const { events } = await owner('first', job, { wrap: broken });
  assert.deepEqual([events.length, state.runs], [1, 0]);
  isBroken = false;
  await pass(5);
  assert.deepEqual([events.length, state.runs], [1, 1]);
});

test('close waits for the run, and then another owner may have the job at once', async (t) => {
  const { owner } = heldTime(t);
  const { job, state, end } = longJob(5 * SECOND);
  const { close, listed } = await owner('first', job);
  await end();
  await pass(5);
  let isClosed = false;
  const closed = close().then(() => (isClosed = true));
  await settled();
  assert.deepEqual([isClosed, state.stopped, (await listed()).owner], [false, false, 'first']);
  await end();
  await closed;
  const { owner: none, dueAt } = await listed();
  assert.deepEqual([none, dueAt], [undefined, at(10)]);
  await pass(60);
  assert.deepEqual([state.runs, state.most], [2, 1]);
});
