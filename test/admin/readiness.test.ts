/** `/readyz` of the administrator's listener over a real store. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adminServer } from '../../src/admin/admin-server.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { later, NOON } from '../../src/testing/store-samples.ts';
import { keptLog } from '../kit/log.ts';

test('readyz: the reason of a failure, and of each job its last run, its due time and its last error', async (t) => {
  const clock = () => NOON;
  const store = await openSqliteStore({ path: ':memory:', clock });
  const { emit, lines } = keptLog();
  let fails = false;
  const check = () => (fails ? Promise.reject(new Error('tenant corp: AADSTS7000222')) : Promise.resolve());
  const full = [{ endpoint: '/hook', running: 512, most: 512, queued: 7, answerMs: 250, full: true }];
  const load = () => full;
  const app = await adminServer({
    pages: [],
    readiness: { probes: [{ name: 'intune corp', check }], store, load },
    clock,
    emit,
  });
  t.after(() => app.close());
  await store.claimJob({ name: 'crl', owner: 'first', leaseMs: 60_000 });
  await store.finishJob({ name: 'crl', owner: 'first', fence: 1, dueAt: later(300), error: 'disk full' });
  const noon = NOON.toISOString();
  const jobs = [
    { name: 'crl', state: 'waiting', lastRun: noon, due: later(300).toISOString(), lastError: 'disk full' },
  ];

  const well = await app.inject('/readyz');
  assert.deepEqual(
    [well.statusCode, well.json()],
    [200, { probes: { 'intune corp': 'ok', jobs: 'ok' }, jobs, load: full }],
  );
  fails = true;
  const ill = await app.inject('/readyz');
  const probes = { 'intune corp': 'failed: tenant corp: AADSTS7000222', jobs: 'ok' };
  assert.deepEqual([ill.statusCode, ill.json()], [503, { probes, jobs, load: full }]);
  assert.match(lines.join(''), /"event":"not-ready","probe":"intune corp"/);
  await store.close();
  const dead = await app.inject('/readyz');
  assert.equal(dead.statusCode, 503);
  assert.match(dead.body, /"jobs":"failed: .+"},"jobs":\[\],/);
});
