/**
 * The job that asks Intune for revocations, in a process of its own, on a store that others have open too. Argument: JSON.
 * Says `run` when a run begins. A message with a number sets its clock, in milliseconds since 1970.
 */
import { randomUUID } from 'node:crypto';
import { revocationPoller } from '../../src/app/revocation-poller.ts';
import { intuneClient, type IntuneClientOptions } from '../../src/intune/client.ts';
import { startJobs } from '../../src/jobs/scheduler.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';

/** `issuer`: the certificate of our CA, base64. `now`: where the clock stands. */
export type PollerProcess = {
  path: string;
  tenant: Pick<IntuneClientOptions, 'tenant' | 'clientId' | 'clientSecret' | 'cloud' | 'trustCa'>;
  issuer: string;
  now: number;
};

const { path, tenant, issuer, now } = JSON.parse(process.argv[2]!) as PollerProcess;
let time = now;
process.on('message', (message) => {
  time = message as number;
});
const clock = (): Date => new Date(time);
const store = await openSqliteStore({ path, clock });
const timeouts = { callMs: 60_000, totalMs: 60_000 };
const client = intuneClient({ ...tenant, clock, uuid: randomUUID, callerInfo: 'test', timeouts });
const emit = (): void => {};
const poller = revocationPoller({
  tenants: [{ name: 'corp', client, sole: false, foreignEndpoints: [] }],
  issuers: [Buffer.from(issuer, 'base64')],
  store,
  clock,
  emit,
  every: 100,
});
const run = async (signal: AbortSignal): Promise<void> => {
  process.send!('run');
  await poller.run(signal);
};
startJobs({ jobs: [{ ...poller, run }], store, clock, emit, owner: randomUUID() });
process.send!('started');
