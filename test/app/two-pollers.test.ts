/**
 * Two processes with the poller on one SQLite file, one of which is killed. Two servers on one such file are refused, so that these are
 * the jobs without the servers, as on a store that several servers share.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { issuing } from '../kit/pki.ts';
import { until } from '../kit/until.ts';
import type { PollerProcess } from './poller-process.ts';
import { OURS, recordIssued } from './polled-certificates.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Many times `every` of the job. */
const A_WHILE = SECOND;

async function world(t: TestContext) {
  const simulator = await startSimulator({ clock: () => new Date(), random: randomBytes });
  t.after(() => simulator.close());
  const folder = mkdtempSync(join(tmpdir(), 'openndes-two-pollers-'));
  const path = join(folder, 'store.db');
  const start = Date.now();
  const clock = (): Date => new Date(start);
  const store = await openSqliteStore({ path, clock });
  t.after(() => store.close().then(() => rmSync(folder, { recursive: true })));
  await recordIssued(store, ['0a', '0b'], clock);
  const children: ChildProcess[] = [];
  t.after(() => children.map((child) => child.kill('SIGKILL')));
  return {
    simulator,
    store,
    /** A process. `runs` counts the runs of its job that began. `at` sets its clock, milliseconds after the start. */
    process: async () => {
      const { tenant, caPem } = simulator;
      const issuer = Buffer.from(issuing.certificate).toString('base64');
      const parameters: PollerProcess = { path, tenant: { ...tenant, trustCa: caPem }, issuer, now: start };
      const child = fork(join(import.meta.dirname, 'poller-process.ts'), [JSON.stringify(parameters)]);
      children.push(child);
      let runs = 0;
      const started = Promise.withResolvers<void>();
      child.on('message', (message) => (message === 'run' ? runs++ : started.resolve()));
      await started.promise;
      return {
        runs: () => runs,
        at: (ms: number) => void child.send(start + ms),
        kill: async () => {
          const exit = once(child, 'exit');
          child.kill('SIGKILL');
          assert.deepEqual(await exit, [null, 'SIGKILL']);
        },
      };
    },
    calls: (hop: string) => simulator.calls().filter((each) => each.hop === hop).length,
    revoked: async () => (await store.listCertificates({ state: 'revoked' })).map(({ serial }) => serial).toSorted(),
    told: () => simulator.revocations.list().map(({ downloads, results }) => [downloads, results.length]),
  };
}

test('of two processes one polls; when it is killed in the middle, the other one takes its work over after the lease, and downloads after 60 minutes', async (t) => {
  const under = await world(t);
  const { simulator } = under;
  simulator.revocations.add({ requests: [{ serialNumber: '0a', ...OURS }] });
  simulator.fault({ hop: 'uploadRevocationResults', fault: 'timeout' });
  const first = await under.process();
  await until(() => under.calls('uploadRevocationResults') === 1, 'an upload of results');
  const second = await under.process();
  await pause(A_WHILE);
  assert.deepEqual([first.runs(), second.runs()], [1, 0]);

  await first.kill();
  await simulator.clearFaults();
  simulator.revocations.add({ requests: [{ serialNumber: '0b', ...OURS }] });
  second.at(119 * SECOND);
  await pause(A_WHILE);
  assert.equal(second.runs(), 0, 'the lease of 120 seconds has not ended');
  second.at(121 * SECOND);
  await until(() => second.runs() > 0, 'a run of the second process');
  await until(async () => (await under.store.listRevocationRequests('corp')).length === 0, 'no request in the store');
  assert.deepEqual(
    [await under.revoked(), under.told()],
    [
      ['0a'],
      [
        [1, 1],
        [0, 0],
      ],
    ],
  );

  second.at(60 * MINUTE);
  await until(() => second.runs() > 3, 'more runs of the second process');
  assert.equal(under.calls('downloadRevocationRequests'), 1, 'Intune hands out nothing for 60 minutes');
  simulator.clock.advance(62 * 60);
  second.at(62 * MINUTE);
  await until(() => under.told().every(([, results]) => results === 1), 'one result of each request');
  assert.deepEqual(
    [await under.revoked(), under.told()],
    [
      ['0a', '0b'],
      [
        [1, 1],
        [1, 1],
      ],
    ],
  );
  assert.equal(under.calls('downloadRevocationRequests'), 2);
});
