/** The job that removes old records, on a real store. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { oldRecordsJob } from '../../src/app/old-records-job.ts';
import type { ServerEvent } from '../../src/core/events.ts';
import { startJobs } from '../../src/jobs/scheduler.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { recorded } from '../../src/testing/opened-store.ts';
import { certificateId, chained, issuanceFor, later, NOON } from '../../src/testing/store-samples.ts';
import { until } from '../kit/until.ts';
import { temporaryFile } from '../store/temporary.ts';

const DAY = 86_400_000;
const keep = { der: 20 * DAY, transactions: 10 * DAY, audit: 30 * DAY };
/** The certificates of the samples end after 365 days. */
const daysAfterEnd = (days: number): Date => later((365 + days) * 86_400);

async function storeOf(t: TestContext, certificates: number, path = temporaryFile()) {
  const store = await openSqliteStore({ path, clock: () => NOON });
  t.after(() => store.close());
  const all = Array.from({ length: certificates }, (_, n) => recorded(store, issuanceFor(n + 1)));
  await Promise.all(all);
  await chained(store);
  return { store, path };
}

const never = new AbortController().signal;

test('each kind goes when its time after the end of the certificate is over, and one event counts them', async (t) => {
  const { store } = await storeOf(t, 3);
  const runAt = async (days: number): Promise<ServerEvent[]> => {
    const events: ServerEvent[] = [];
    const emit = (event: ServerEvent): void => void events.push(event);
    await oldRecordsJob({ keep, store, clock: () => daysAfterEnd(days), emit }).run(never);
    return events;
  };
  const removed = (transactions: number, der: number, audit: number): ServerEvent[] => [
    { event: 'old-records-removed', transactions, der, audit },
  ];
  assert.deepEqual(await runAt(10), []);
  assert.deepEqual(await runAt(11), removed(3, 0, 0));
  assert.deepEqual(await runAt(21), removed(0, 3, 0));
  assert.deepEqual(await runAt(31), removed(0, 0, 3));
  assert.deepEqual(await runAt(9_999), []);
  assert.equal(await store.countCertificates({}), 3);
});

test('DER stays for as long as the transaction that answers with it', async (t) => {
  const { store } = await storeOf(t, 1);
  const longer = { ...keep, transactions: 40 * DAY };
  const run = (days: number) =>
    oldRecordsJob({ keep: longer, store, clock: () => daysAfterEnd(days), emit: () => {} }).run(never);
  await run(39);
  assert.ok((await store.findCertificate(certificateId(1)))!.der.length > 0);
  await run(41);
  assert.equal(await store.findTransaction(issuanceFor(1).transaction.key), undefined);
  assert.equal((await store.findCertificate(certificateId(1)))!.der.length, 0);
});

test('an order at a CA elsewhere whose outcome is not known stays for as long as transactions', async (t) => {
  const { store } = await storeOf(t, 0);
  const at = daysAfterEnd(0);
  await store.addOrder({ requestKey: 'a', endpoint: '/scep', transactionId: 't', publicKeyHash: 'b', at });
  const run = (now: Date) => oldRecordsJob({ keep, store, clock: () => now, emit: () => {} }).run(never);
  await run(new Date(at.getTime() + keep.transactions));
  assert.equal((await store.listOrders({ limit: 9 })).length, 1);
  await run(new Date(at.getTime() + keep.transactions + 1));
  assert.deepEqual(await store.listOrders({ limit: 9 }), []);
});

test('a run ends when the jobs are closed, and the next one does the rest', async (t) => {
  const { store } = await storeOf(t, 200);
  const clock = (): Date => daysAfterEnd(99);
  const events: ServerEvent[] = [];
  const emit = (event: ServerEvent): void => void events.push(event);
  const waiting = Promise.withResolvers<void>();
  const timing = { now: () => 0, pause: () => (waiting.resolve(), pause(50)) };
  const jobs = startJobs({
    store,
    jobs: [oldRecordsJob({ keep, store, clock, emit, timing })],
    owner: 'first',
    clock,
    emit,
  });
  await waiting.promise;
  await jobs.close();
  assert.deepEqual(events, [{ event: 'old-records-removed', transactions: 32, der: 0, audit: 0 }]);
  const [record] = await store.listJobs();
  assert.deepEqual([record?.name, record?.owner, record?.lastError], ['old-records', undefined, undefined]);
  await oldRecordsJob({ keep, store, clock, emit }).run(never);
  assert.deepEqual(events.at(-1), { event: 'old-records-removed', transactions: 168, der: 200, audit: 200 });
});

test('a store that fails makes the job fail, which is an event, and what was done is counted', async (t) => {
  const { store } = await storeOf(t, 20);
  const clock = (): Date => daysAfterEnd(99);
  const events: ServerEvent[] = [];
  let calls = 0;
  const failing = {
    ...store,
    removeOld: (page: Parameters<typeof store.removeOld>[0]) =>
      ++calls > 1 ? Promise.reject(new Error('the disk is full')) : store.removeOld(page),
  };
  const emit = (event: ServerEvent): void => void events.push(event);
  const jobs = startJobs({
    store,
    jobs: [oldRecordsJob({ keep, store: failing, clock, emit })],
    owner: 'first',
    clock,
    emit,
  });
  await until(() => events.length >= 2, 'two events', { every: 10 });
  await jobs.close();
  assert.deepEqual(
    events.map(({ event }) => event),
    ['old-records-removed', 'job-failed'],
  );
  assert.equal((await store.listJobs())[0]?.lastError, 'the disk is full');
});

test('a run removes what is old and then makes room for what comes, and a store that cannot has its reason listed', async (t) => {
  const { store } = await storeOf(t, 2);
  const clock = (): Date => daysAfterEnd(99);
  const makeRoom = () => Promise.reject(new Error('must be owner of table certificates'));
  const events: ServerEvent[] = [];
  const emit = (event: ServerEvent): void => void events.push(event);
  const full = oldRecordsJob({ keep, store: { ...store, makeRoom }, clock, emit });
  const jobs = startJobs({ store, jobs: [full], owner: 'first', clock, emit });
  await until(() => events.length >= 2, 'two events', { every: 10 });
  await jobs.close();
  assert.deepEqual(events[0], { event: 'old-records-removed', transactions: 2, der: 2, audit: 2 });
  assert.equal((await store.listJobs())[0]?.lastError, 'must be owner of table certificates');
});

test('a process that is killed in the middle leaves what can be gone on with', async (t) => {
  const { store, path } = await storeOf(t, 400);
  const child = spawn(process.execPath, ['--input-type=module', '--eval', CHILD, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const left = async () => (await store.listCertificates({})).filter(({ der }) => der.length > 0).length;
  const before = await left();
  assert.ok(before > 0 && before < 400, `${before} are left`);
  const emit = (): void => {};
  await oldRecordsJob({ keep, store, clock: () => daysAfterEnd(99), emit }).run(never);
  assert.equal(await left(), 0);
  assert.equal(await store.countCertificates({}), 400);
  assert.deepEqual(await store.listAudit({}), []);
});

/** Removes everything, one record at a time, and says when it has begun with the DER. */
const CHILD = `
  import { openSqliteStore } from ${JSON.stringify(new URL('../../src/store/sqlite.ts', import.meta.url).href)};
  const store = await openSqliteStore({ path: process.argv[1], clock: () => new Date() });
  const before = new Date('2100-01-01');
  for (const kind of ['transactions', 'der', 'audit'])
    for (let after = 0, done = 0; after !== undefined; done++) {
      const limit = kind === 'der' ? 1 : 100;
      ({ next: after } = await store.removeOld({ kind, before, after, limit }));
      if (kind === 'der' && done === 3) process.stdout.write('now');
    }
`;
