/** What is wrong with a running server: it opens, keeps its moment over a restart, and closes by itself. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { conditionWatch } from '../../src/app/condition-watch.ts';
import { type RunningServer, startServer } from '../../src/app/configured-server.ts';
import { createRoot } from '../../src/ca/create.ts';
import { seenCondition } from '../../src/core/condition.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { generateKey } from '../../src/keys/software.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { handClock } from '../kit/clock.ts';
import { until } from '../kit/until.ts';
import { installed } from './installation.ts';
import { DAY, movedClock } from './watch-under-test.ts';

const wrongAt = (server: RunningServer) => server.desk().conditions?.() ?? assert.fail('no conditions');

test('what is wrong opens, stays with its moment over a restart, and closes when it is mended', async (t) => {
  const { folder, config } = await installed(t, (text) =>
    text.replace(/^ +policy: \{ static.*$/m, '$&\n    renewal: { from: [old-ca.pem] }'),
  );
  const key = generateKey('p256');
  const plan = { subject: 'CN=Old', key, validity: 10 * DAY, backdate: 0, clock: systemClock, random: systemRandom };
  writeFileSync(join(folder, 'old-ca.pem'), certificatePem(await createRoot(plan)));
  const { clock, forward } = movedClock();
  const options = { clock, logLevel: 'silent', workers: 1, watchEvery: 20 };
  const first = await startServer(config, options);
  const { open } = await wrongAt(first);
  assert.deepEqual(
    open.map(({ since: _since, what, ...rest }) => ({ ...rest, what: what.replace(/, at .*/, '') })),
    [
      {
        id: 'certificate-ends:endpoint /certsrv/mscep/mscep.dll: earlier CA CN=Old',
        kind: 'certificate-ends',
        severity: 'warning',
        what: 'endpoint /certsrv/mscep/mscep.dll: earlier CA CN=Old ends in 9 days',
        remedy: 'Renew it and reload the server. docs/runbooks.md and docs/intune.md say how.',
        page: 'conditions.md#certificate-ends',
        subject: { kind: 'endpoint', name: '/certsrv/mscep/mscep.dll' },
      },
    ],
  );
  await first.close();
  forward(1);
  const second = await startServer(config, options);
  t.after(() => second.close());
  const [after] = (await wrongAt(second)).open;
  assert.deepEqual(after?.since, open[0]?.since);
  await until(
    async () => (await wrongAt(second)).open[0]?.what.includes('CN=Old ends in 8 days'),
    'the text of the day after',
  );
  writeFileSync(config, readFileSync(config, 'utf8').replace(/^ +renewal: .*$/m, ''));
  await second.reload();
  await until(async () => (await wrongAt(second)).open.length === 0, 'no condition any more');
});

test('while the store fails, what was known before is there, and that the store fails, since its first failure', async (t) => {
  const clock = handClock();
  const store = await openSqliteStore({ path: ':memory:', clock });
  const seen = [seenCondition('tenant-unusable', { of: 'corp', what: 'no answer' })];
  let fault: Error | undefined;
  const failing = {
    recordConditions: (look: Parameters<typeof store.recordConditions>[0]) =>
      fault ? Promise.reject(fault) : store.recordConditions(look),
    listConditions: () => (fault ? Promise.reject(fault) : store.listConditions()),
  };
  const look = () => Promise.resolve({ seen, complete: true });
  const { conditions, end } = conditionWatch({ look, store: failing, server: 'one', alone: true, clock, every: 5 });
  t.after(async () => {
    await end();
    await store.close();
  });
  const ids = async () => (await conditions()).open.map(({ id, since }) => [id, since]);
  const tenant = ['tenant-unusable:corp', clock()];
  assert.deepEqual(await ids(), [tenant]);
  clock.forward(60_000);
  const failedAt = clock();
  fault = new Error('no space is left');
  await until(async () => (await ids()).length === 2, 'the condition of the store');
  clock.forward(60_000);
  assert.deepEqual(await ids(), [tenant, ['store-unavailable', failedAt]]);
  assert.equal((await conditions()).open[1]?.what, 'The store cannot write: no space is left');
  fault = undefined;
  await until(async () => (await ids()).length === 1, 'the store to be well again');
});
