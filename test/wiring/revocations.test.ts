/** What a running server does by itself when Intune asks for revocations: a wiped device is on the next revocation list. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { dirname, join } from 'node:path';
import { mock, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { QueuedRevocation } from '../../src/simulator/connector/revocation-queue.ts';
import { run } from '../app/installation.ts';
import { until } from '../kit/until.ts';
import { newSubject, enrolled } from './device.ts';
import { file } from './files.ts';
import { configured, started } from './server.ts';
import { tenantNamed } from './tenant.ts';

const MINUTE = 60_000;

/** A store with the certificate of one device, whose tenant wants it to be revoked. */
async function wiped(t: TestContext, name: string) {
  mock.timers.enable({ apis: ['Date', 'setInterval'], now: Date.now() });
  t.after(() => mock.timers.reset());
  const { simulator, section } = await tenantNamed(name);
  const store = `sqlite:${join(dirname(file(`${name}/here`, '')), 'store.db')}`;
  const configuredWith = (revocation?: string, others: object = {}) =>
    configured({
      store,
      admin: { port: 0 },
      tenants: { corp: { ...section, ...(revocation && { revocation }) }, ...others },
      endpoints: [{ path: '/scep', policy: { intune: 'corp' } }],
    });
  const first = await started(configuredWith());
  const subject = newSubject();
  const { der } = await enrolled(first.url('/scep'), { subject, challenge: simulator.mint({ subject }) });
  await first.close();
  const { serialNumber } = new X509Certificate(der);
  simulator.revocations.add({
    requests: [{ serialNumber: `0x00${serialNumber}`, issuerName: await notifiedIssuer() }],
  });
  async function notifiedIssuer(): Promise<string> {
    const { body } = simulator.calls().find(({ hop }) => hop === 'successNotification')!;
    const { notification } = body as { notification: Record<string, string> };
    return notification['issuingCertificateAuthority']!;
  }
  return { simulator, serialNumber, configuredWith };
}

/** Real time, so that the server gets on; every 30 looks also time by the clock, a step of the job. */
async function untilRun(holds: () => Promise<boolean>, what: string): Promise<void> {
  let looks = 0;
  const look = async (): Promise<boolean> => {
    const found = await holds();
    if (!found && ++looks % 30 === 0) mock.timers.tick(5 * MINUTE);
    return found;
  };
  await until(look, what, { every: 10 });
}

const listed = async (origin: string): Promise<Buffer> =>
  Buffer.from(await (await fetch(`${origin}/crl/issuing.crl`)).arrayBuffer());
const has = (list: Buffer, serial: string): boolean => list.includes(Buffer.from(serial, 'hex'));

test('with `revocation: on` the certificate of a wiped device is on the next list, and Intune is told', async (t) => {
  const { simulator, serialNumber, configuredWith } = await wiped(t, 'wipes');
  const config = configuredWith('on');
  const { origin, close } = await started(config);
  t.after(close);
  const results = () => simulator.revocations.list().flatMap((each) => each.results.map(({ succeeded }) => succeeded));
  await until(() => results().length > 0, 'a result of the request', { every: 10 });
  assert.deepEqual(results(), [true]);
  assert.ok(has(await listed(origin), serialNumber));
  const said = await run('jobs', '--json', '--config', config);
  const names = (JSON.parse(said.out) as { name: string }[]).map(({ name }) => name);
  assert.ok(names.includes('intune-revocations'));
});

test('what another tenant of the server asks for is left alone: its endpoints have not issued the certificate', async (t) => {
  const { simulator, serialNumber, configuredWith } = await wiped(t, 'wipes its own');
  const other = await tenantNamed('wipes those of others');
  assert.notEqual(other.section.tenant, simulator.tenant.tenant);
  const [{ serialNumber: asked, issuerName }] = simulator.revocations.list() as [QueuedRevocation];
  other.simulator.revocations.add({ requests: [{ serialNumber: asked, issuerName }] });
  simulator.fault({ hop: 'downloadRevocationRequests', fault: { status: 404 } });
  const { origin, close } = await started(configuredWith('on', { other: { ...other.section, revocation: 'on' } }));
  t.after(close);
  const downloads = () => other.simulator.calls().filter(({ hop }) => hop === 'downloadRevocationRequests');
  await until(() => downloads().length > 0, 'a download for the other tenant', { every: 10 });
  await pause(300);
  assert.ok(!has(await listed(origin), serialNumber));
  await simulator.clearFaults();
  await untilRun(async () => has(await listed(origin), serialNumber), 'the certificate on the revocation list');
});

test('a server that cannot ask says so in the detail of /readyz, and revokes when it can', async (t) => {
  const { simulator, serialNumber, configuredWith } = await wiped(t, 'wipes later');
  simulator.fault({ hop: 'downloadRevocationRequests', fault: { status: 404 } });
  const { origin, adminUrl, close } = await started(configuredWith('on'));
  t.after(close);
  const lastError = async (): Promise<string | undefined> => {
    const { jobs } = (await (await fetch(`${adminUrl}/readyz`)).json()) as {
      jobs: { name: string; lastError?: string }[];
    };
    return jobs.find(({ name }) => name === 'intune-revocations')?.lastError;
  };
  const said = await until(lastError, 'an error of the job', { every: 10 });
  assert.match(said, /^tenant corp: Intune downloadRevocationRequests: HTTP 404/);
  assert.ok(!has(await listed(origin), serialNumber));
  await simulator.clearFaults();
  await untilRun(async () => has(await listed(origin), serialNumber), 'the certificate on the revocation list');
});

test('without `revocation`, and with `off`, Intune is not asked', async (t) => {
  const { simulator, configuredWith } = await wiped(t, 'wipes in vain');
  const { close } = await started(configuredWith('off'));
  t.after(close);
  mock.timers.tick(5 * MINUTE);
  await pause(300);
  assert.deepEqual(
    simulator.calls().filter(({ hop }) => hop === 'downloadRevocationRequests'),
    [],
  );
});
