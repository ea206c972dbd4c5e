/** Jobs as an administrator sees them, over a real store. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listJobs } from '../../src/manage/job-status.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { later, NOON } from '../../src/testing/store-samples.ts';

test('a job runs while its lease lasts, waits until it is due, and is overdue a minute later or without its owner', async (t) => {
  let now = NOON;
  const clock = () => now;
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  const at = (seconds: number) => {
    now = later(seconds);
    return listJobs({ store, clock });
  };
  assert.deepEqual(await at(0), []);
  const claim = { name: 'crl', owner: 'first', leaseMs: 60_000 };
  await store.claimJob(claim);
  assert.deepEqual(await at(59), [{ name: 'crl', state: 'running', owner: 'first' }]);
  assert.deepEqual(await at(60), [{ name: 'crl', state: 'overdue', owner: 'first' }]);

  await store.finishJob({ name: 'crl', owner: 'first', fence: 1, dueAt: later(300), error: 'disk full' });
  const done = { name: 'crl', lastRun: later(60), due: later(300), lastError: 'disk full' };
  assert.deepEqual(await at(360), [{ ...done, state: 'waiting' }]);
  assert.deepEqual(await at(361), [{ ...done, state: 'overdue' }]);

  await store.claimJob(claim);
  assert.deepEqual(await at(362), [
    { name: 'crl', state: 'running', owner: 'first', lastRun: later(60), lastError: 'disk full' },
  ]);
});
