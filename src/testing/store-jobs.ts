/** The contract of a Store for recurring jobs: one owner at a time, by the store's clock. */
import assert from 'node:assert/strict';
import type { Check } from './opened-store.ts';
import { later, NOON } from './store-samples.ts';

const FIRST = { name: 'crl', owner: 'first', leaseMs: 60_000 };
const SECOND = { ...FIRST, owner: 'second' };

/** Declares them. */
export function jobs(check: Check): void {
  owning(check);
  fencing(check);
  showing(check);
}

function owning(check: Check): void {
  check('a job has one owner until its lease expires', async ({ store, setClock }) => {
    assert.deepEqual(await store.claimJob(FIRST), { fence: 1 });
    assert.equal(await store.claimJob(SECOND), undefined);
    assert.deepEqual(await store.claimJob({ ...SECOND, name: 'another' }), { fence: 1 });
    setClock(new Date(later(60).getTime() - 1));
    assert.equal(await store.claimJob(SECOND), undefined);
    setClock(later(60));
    assert.deepEqual(await store.claimJob(SECOND), { fence: 2 });
  });

  check('a lease that is renewed lasts from then on', async ({ store, setClock }) => {
    await store.claimJob(FIRST);
    setClock(later(50));
    assert.equal(await store.renewJob({ ...FIRST, fence: 1 }), true);
    setClock(later(100));
    assert.equal(await store.claimJob(SECOND), undefined);
    setClock(later(110));
    assert.deepEqual(await store.claimJob(SECOND), { fence: 2 });
  });

  check('a lease from before the clock was set back by a day is over', async ({ store, setClock }) => {
    await store.claimJob(FIRST);
    setClock(later(-24 * 3_600));
    assert.deepEqual(await store.claimJob(SECOND), { fence: 2 });
    assert.equal(await store.renewJob({ ...FIRST, fence: 1 }), false);
    assert.equal(await store.claimJob(FIRST), undefined);
  });

  check('a job that is finished may be claimed at once', async ({ store }) => {
    await store.claimJob(FIRST);
    assert.equal(await store.finishJob({ name: 'crl', owner: 'first', fence: 1, dueAt: later(3_600) }), true);
    assert.deepEqual(await store.claimJob(SECOND), { fence: 2 });
  });

  check('of 20 owners that claim a job at the same time one gets it', async (opened) => {
    const stores = [opened.store, ...(opened.beside ? [await opened.beside()] : [])];
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, n) => stores[n % stores.length]!.claimJob({ ...FIRST, owner: `owner ${n}` })),
    );
    assert.deepEqual(claims.filter(Boolean), [{ fence: 1 }]);
    for (const store of stores.slice(1)) await store.close();
  });
}

function fencing(check: Check): void {
  check('an owner whose lease has expired cannot write over its successor', async ({ store, setClock }) => {
    await store.claimJob(FIRST);
    setClock(later(60));
    await store.claimJob(SECOND);
    const [running] = await store.listJobs();
    assert.equal(await store.renewJob({ ...FIRST, fence: 1 }), false);
    const late = { name: 'crl', owner: 'first', fence: 1, dueAt: later(1), error: 'late' };
    assert.equal(await store.finishJob(late), false);
    assert.equal(await store.finishJob({ ...late, fence: 2 }), false);
    assert.deepEqual(await store.listJobs(), [running]);
  });

  check('an owner that claims its job again has a new fence, and the old one is void', async ({ store }) => {
    await store.claimJob(FIRST);
    assert.deepEqual(await store.claimJob(FIRST), { fence: 2 });
    assert.equal(await store.finishJob({ name: 'crl', owner: 'first', fence: 1, dueAt: later(1) }), false);
  });

  check('a job that is finished cannot be renewed or finished again', async ({ store }) => {
    await store.claimJob(FIRST);
    const end = { name: 'crl', owner: 'first', fence: 1, dueAt: later(1) };
    await store.finishJob(end);
    assert.equal(await store.renewJob({ ...FIRST, fence: 1 }), false);
    assert.equal(await store.finishJob({ ...end, error: 'twice' }), false);
    assert.equal(await store.renewJob({ ...FIRST, name: 'unknown', fence: 1 }), false);
  });
}

function showing(check: Check): void {
  check('jobs are listed by name, with what the last run came to', async ({ store, setClock }) => {
    assert.deepEqual(await store.listJobs(), []);
    await store.claimJob({ ...FIRST, name: 'outbox' });
    await store.claimJob(FIRST);
    setClock(later(5));
    await store.finishJob({ name: 'crl', owner: 'first', fence: 1, dueAt: later(3_600), error: 'disk full' });
    const failed = {
      name: 'crl',
      fence: 1,
      startedAt: NOON,
      finishedAt: later(5),
      dueAt: later(3_600),
      lastError: 'disk full',
    };
    const running = { name: 'outbox', fence: 1, owner: 'first', leaseUntil: later(60), startedAt: NOON };
    assert.deepEqual(await store.listJobs(), [failed, running]);

    await store.claimJob(SECOND);
    setClock(later(9));
    await store.finishJob({ name: 'crl', owner: 'second', fence: 2, dueAt: later(7_200) });
    const { lastError: _none, ...done } = failed;
    assert.deepEqual(await store.listJobs(), [
      { ...done, fence: 2, startedAt: later(5), finishedAt: later(9), dueAt: later(7_200) },
      running,
    ]);
  });

  check(
    'a job outlives a restart, and its lease ends where the store is opened for one owner alone',
    async (opened, context) => {
      if (!opened.reopen) return context.skip('this store keeps nothing');
      await opened.store.claimJob(FIRST);
      opened.store = await opened.reopen();
      assert.equal(await opened.store.claimJob(SECOND), undefined);
      opened.store = await opened.reopen('claimed');
      assert.deepEqual(await opened.store.claimJob(SECOND), { fence: 2 });
      assert.equal(await opened.store.renewJob({ ...FIRST, fence: 1 }), false);
    },
  );
}
