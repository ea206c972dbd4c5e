/** The poller of revocation requests against the simulated tenant, with a store on a file and a clock that is moved. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { revocationPoller } from '../../src/app/revocation-poller.ts';
import type { Store } from '../../src/core/store.ts';
import { intuneClient } from '../../src/intune/client.ts';
import { downloadRevocationRequests } from '../../src/intune/revocation-requests.ts';
import { startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { keptLog } from '../kit/log.ts';
import { issuing } from '../kit/pki.ts';
import { ISSUER, OURS, recordIssued } from './polled-certificates.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
/** A tenant, and a server on its store that has issued these certificates. `run` is one run of the job. */
async function polled(t: TestContext, serials: readonly string[], sole = false, foreignEndpoints: string[] = []) {
  const simulator = await startSimulator({ clock: () => new Date(), random: randomBytes });
  t.after(() => simulator.close());
  const folder = mkdtempSync(join(tmpdir(), 'openndes-poller-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const clock = () => simulator.clock.now();
  const client = intuneClient({
    ...simulator.tenant,
    trustCa: simulator.caPem,
    clock,
    uuid: randomUUID,
    callerInfo: 'test',
    timeouts: { retries: 0 },
  });
  t.after(() => client.close());
  const open = () => openSqliteStore({ path: join(folder, 'store.db'), clock });
  let store: Store = await open();
  t.after(() => store.close());
  await recordIssued(store, serials, clock);
  const log = keptLog();
  const run = (through: Store = store, signal = new AbortController().signal): Promise<void> =>
    revocationPoller({
      tenants: [{ name: 'corp', client, sole, foreignEndpoints }],
      issuers: [issuing.certificate],
      store: through,
      clock,
      emit: log.emit,
    }).run(signal);
  return {
    simulator,
    log,
    run,
    store: () => store,
    restart: async () => {
      await store.close();
      store = await open();
    },
    ask: (serialNumber: string, of: { issuerName: string; caConfiguration?: string } = OURS) =>
      simulator.revocations.add({ requests: [{ serialNumber, ...of }] }),
    calls: (hop: string) => simulator.calls().filter((each) => each.hop === hop && each.status === 200).length,
    /** What Intune was told of each request, in the order of the queue. */
    told: () =>
      simulator.revocations
        .list()
        .map(({ results }) => results.map(({ succeeded, errorCode }) => `${succeeded} ${errorCode}`)),
    revoked: async () => (await store.listCertificates({ state: 'revoked' })).map(({ serial }) => serial).toSorted(),
    audit: async () => (await store.listAudit({})).filter(({ event }) => event === 'revoked'),
  };
}

test('the certificates that Intune names are revoked in whichever spelling, once, and Intune is told', async (t) => {
  const under = await polled(t, ['0a0b', '5f2c01', '75bcd15e', '12']);
  under.ask('0x0A0B');
  under.ask('00:5F:2C:01');
  // 75bcd15e in decimal; the other one is found as it stands, so it is not read as decimal.
  under.ask('1975308638');
  under.ask('12');
  under.ask('a0b', { issuerName: 'x', caConfiguration: ISSUER.replaceAll(',', ', ').toUpperCase() });
  await under.run();
  assert.deepEqual(await under.revoked(), ['0a0b', '12', '5f2c01', '75bcd15e']);
  assert.deepEqual(
    under.told(),
    Array.from({ length: 5 }, () => ['true None']),
  );
  const [last] = await under.audit();
  assert.equal((await under.audit()).length, 4);
  assert.deepEqual([last!.actor, last!.source], [{ kind: 'system', name: 'Intune' }, 'job']);
  assert.match(last!.detail!, /^unspecified, request [0-9a-f-]{36} of tenant corp$/);
  assert.deepEqual(await under.store().listRevocationRequests('corp'), []);
  const { tenant, revoked, already, foreign } = JSON.parse(under.log.lines[0]!) as Record<string, unknown>;
  assert.deepEqual({ tenant, revoked, already, foreign }, { tenant: 'corp', revoked: 4, already: 1, foreign: 0 });
});

test('the common name of the issuer is enough, as other programs notify it', async (t) => {
  const under = await polled(t, ['0a']);
  const [, commonName] = /CN=([^,]+)/.exec(ISSUER)!;
  under.ask('0A', { issuerName: commonName!.toUpperCase() });
  await under.run();
  assert.deepEqual(await under.revoked(), ['0a']);
});

test('a certificate of another issuer with the same serial number is left alone, and its request too', async (t) => {
  const under = await polled(t, ['0a']);
  under.ask('0a', { issuerName: 'CN=Other CA', caConfiguration: 'CN=Other CA' });
  await under.run();
  assert.deepEqual(await under.revoked(), []);
  assert.deepEqual(under.told(), [[]]);
  assert.equal(under.calls('uploadRevocationResults'), 0);
  assert.deepEqual(await under.store().listRevocationRequests('corp'), []);
  const { event, number, issuers } = JSON.parse(under.log.lines.at(-1)!) as Record<string, unknown>;
  assert.deepEqual([event, number, issuers], ['revocations-foreign', 1, ['CN=Other CA']]);
});

test('a certificate of an endpoint without this tenant is left alone, and its request too', async (t) => {
  const under = await polled(t, ['0a'], false, ['scep']);
  under.ask('0a');
  await under.run();
  assert.deepEqual([await under.revoked(), under.told()], [[], [[]]]);
  const { event, number } = JSON.parse(under.log.lines.at(-1)!) as Record<string, unknown>;
  assert.deepEqual([event, number], ['revocations-foreign', 1]);
});

test('the sole server of a tenant says that it does not find certificates of other issuers', async (t) => {
  const under = await polled(t, ['0a'], true);
  under.ask('0a', { issuerName: 'CN=Other CA' });
  await under.run();
  assert.deepEqual([await under.revoked(), under.told()], [[], [['false CertificateNotFoundError']]]);
});

test('a number that our issuer has not given out, and one that is no number', async (t) => {
  const under = await polled(t, ['0a']);
  under.ask('0b');
  under.ask('not a number');
  await under.run();
  assert.deepEqual(under.told(), [['false CertificateNotFoundError'], ['false ParameterDataInvalidError']]);
  assert.deepEqual(await under.revoked(), []);
});

test('a hundred at once, and the rest after the cool-down: nothing is asked meanwhile, also by a second server', async (t) => {
  const serials = Array.from({ length: 130 }, (_, n) => (n + 256).toString(16).padStart(4, '0'));
  const under = await polled(t, serials);
  for (const serial of serials) under.ask(serial);
  await under.run();
  assert.equal((await under.revoked()).length, 100);
  under.simulator.clock.advance(60 * 60);
  await under.run();
  await under.restart();
  await under.run();
  assert.equal(under.calls('downloadRevocationRequests'), 1);
  under.simulator.clock.advance(61);
  await under.run();
  assert.equal((await under.revoked()).length, 130);
  assert.equal(under.calls('downloadRevocationRequests'), 2);
});

/** The store of a process that is killed before or after its first call of this method: from then on nothing works. */
function killedAt(store: Store, method: keyof Store, when: 'before' | 'after'): Store {
  let isDead = false;
  return new Proxy(store, {
    get: (target, name) => {
      const call = (Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>).bind(target);
      return async (...args: unknown[]) => {
        if (isDead) throw new Error('killed');
        if (name !== method) return call(...args);
        isDead = true;
        if (when === 'after') await call(...args);
        throw new Error('killed');
      };
    },
  });
}

for (const method of [
  'saveRevocationRequests',
  'revoke',
  'decideRevocationRequest',
  'removeRevocationRequests',
] as const)
  for (const when of ['before', 'after'] as const)
    test(`ended ${when} ${method}: after the restart each certificate is revoked once and Intune is told`, async (t) => {
      const under = await polled(t, ['0a', '0b']);
      under.ask('0a');
      under.ask('0b');
      await assert.rejects(under.run(killedAt(under.store(), method, when)), /tenant corp: killed/);
      await under.restart();
      await under.run();
      // What was never saved comes again, when Intune hands it out again.
      if (method === 'saveRevocationRequests' && when === 'before') {
        assert.deepEqual(await under.revoked(), []);
        under.simulator.clock.advance(61 * 60);
        await under.run();
      }
      assert.deepEqual(await under.revoked(), ['0a', '0b']);
      assert.equal((await under.audit()).length, 2);
      for (const results of under.told()) assert.deepEqual([...new Set(results)], ['true None']);
      assert.deepEqual(await under.store().listRevocationRequests('corp'), []);
    });

for (const fault of ['503', 'answer-lost', 'html', 'reset', '404'])
  test(`an upload that fails (${fault}) is repeated at the next run, from the store, without a download`, async (t) => {
    const under = await polled(t, ['0a']);
    under.ask('0a');
    under.simulator.fault({ hop: 'uploadRevocationResults', fault, count: 1 });
    await assert.rejects(under.run(), /tenant corp: Intune uploadRevocationResults: /);
    assert.deepEqual(await under.revoked(), ['0a']);
    await under.restart();
    await under.run();
    for (const results of under.told()) assert.deepEqual([...new Set(results)], ['true None']);
    assert.equal(under.calls('downloadRevocationRequests'), 1);
    assert.deepEqual(await under.store().listRevocationRequests('corp'), []);
  });

for (const fault of ['503', 'html', 'reset', 'wrong-types'])
  test(`a download that fails (${fault}) is repeated, and revokes nothing that was not asked for`, async (t) => {
    const under = await polled(t, ['0a', '0b']);
    under.ask('0a');
    under.simulator.fault({ hop: 'downloadRevocationRequests', fault, count: 1 });
    await assert.rejects(under.run(), /tenant corp: Intune downloadRevocationRequests: /);
    assert.deepEqual(await under.revoked(), []);
    under.simulator.clock.advance(61 * 60);
    await under.run();
    assert.deepEqual([await under.revoked(), under.told()], [['0a'], [['true None']]]);
  });

for (const [hop, fault] of [
  ['downloadRevocationRequests', 'lowercase-keys'],
  ['uploadRevocationResults', 'text-value'],
] as const)
  test(`${hop} is read with ${fault}`, async (t) => {
    const under = await polled(t, ['0a']);
    under.ask('0a');
    under.simulator.fault({ hop, fault, count: 1 });
    await under.run();
    assert.deepEqual([await under.revoked(), under.told()], [['0a'], [['true None']]]);
    assert.deepEqual(await under.store().listRevocationRequests('corp'), []);
  });

test('a result that Intune does not take keeps no other one back, and is given up after 14 days', async (t) => {
  const under = await polled(t, ['0a', '0b']);
  const batch = { tenant: 'corp', batch: randomUUID(), at: under.simulator.clock.now() };
  const [known] = under.ask('0a');
  const requests = [
    { requestContext: known!.requestContext, serialNumber: '0a', ...OURS },
    { requestContext: 'unknown to Intune', serialNumber: '0b', ...OURS },
  ];
  await under.store().saveRevocationRequests({ ...batch, requests });
  await assert.rejects(under.run(), /Intune did not take the results of 1 revocation requests/);
  assert.deepEqual(under.told(), [['true None']]);
  assert.deepEqual(await under.revoked(), ['0a', '0b']);
  under.simulator.clock.advance(14 * DAY);
  await under.run();
  const { event, requests: given } = JSON.parse(under.log.lines.at(-1)!) as Record<string, unknown>;
  assert.deepEqual([event, given], ['revocation-results-given-up', ['unknown to Intune']]);
  assert.deepEqual(await under.store().listRevocationRequests('corp'), []);
});

test('a result that Intune does not take keeps no download back: what is asked for meanwhile is revoked', async (t) => {
  const under = await polled(t, ['0a', '0b']);
  const batch = { tenant: 'corp', batch: randomUUID(), at: under.simulator.clock.now() };
  const requests = [{ requestContext: 'unknown to Intune', serialNumber: '0b', ...OURS }];
  await under.store().saveRevocationRequests({ ...batch, requests });
  await assert.rejects(under.run(), /Intune did not take the results of 1 revocation requests/);
  under.simulator.clock.advance(61 * 60);
  under.ask('0a');
  await assert.rejects(under.run(), /Intune did not take the results of 1 revocation requests/);
  assert.deepEqual(await under.revoked(), ['0a', '0b']);
  assert.deepEqual(under.told(), [['true None']]);
});

for (const fault of ['400', '503'])
  test(`uploads that always fail (${fault}) keep no download back, and end the run with an error`, async (t) => {
    const under = await polled(t, ['0a', '0b']);
    under.ask('0a');
    under.simulator.fault({ hop: 'uploadRevocationResults', fault });
    await assert.rejects(under.run());
    under.simulator.clock.advance(61 * 60);
    under.ask('0b');
    await assert.rejects(under.run());
    assert.deepEqual(await under.revoked(), ['0a', '0b']);
  });

test('a certificate with a small number is revoked by its hexadecimal number only', async (t) => {
  const under = await polled(t, ['0a', '10']);
  under.ask('16');
  under.ask('10');
  await under.run();
  assert.deepEqual(under.told(), [['false CertificateNotFoundError'], ['true None']]);
  assert.deepEqual(await under.revoked(), ['10']);
});

test('a batch of which Intune refuses one result with HTTP 400 is uploaded one by one', async (t) => {
  const under = await polled(t, ['0a', '0b']);
  under.ask('0a');
  under.ask('0b');
  under.simulator.fault({ hop: 'uploadRevocationResults', fault: '400', count: 1 });
  await under.run();
  assert.deepEqual(under.told(), [['true None'], ['true None']]);
});

test('a request whose serial number is no text is answered, and does not vanish', async () => {
  const rows = [
    { requestContext: 'a', serialNumber: 10, issuerName: 'CN=CA' },
    { requestContext: 'b', serialNumber: '0b' },
    { serialNumber: '0c' },
  ];
  const exchange = async () => ({ status: 200, headers: {}, text: JSON.stringify({ value: rows }) });
  const call = { uri: 'https://intune.test', token: 't', clientRequestId: 'id', callerInfo: 'test' };
  const signal = new AbortController().signal;
  assert.deepEqual(await downloadRevocationRequests(call, { exchange, clock: () => new Date() }, signal), [
    { requestContext: 'a', serialNumber: '', issuerName: 'CN=CA' },
    { requestContext: 'b', serialNumber: '0b' },
  ]);
});

test('of several tenants that fail in one run each is named', async (t) => {
  const { store } = await polled(t, []);
  const failing = (message: string) => ({
    downloadRevocationRequests: () => Promise.reject(new Error(message)),
    uploadRevocationResults: () => Promise.reject(new Error(message)),
  });
  const tenants = [
    { name: 'corp', client: failing('no answer'), sole: false, foreignEndpoints: [] },
    { name: 'school', client: failing('HTTP 403'), sole: false, foreignEndpoints: [] },
  ];
  const job = revocationPoller({ tenants, issuers: [], store: store(), clock: () => new Date(), emit: () => {} });
  await assert.rejects(job.run(new AbortController().signal), {
    message: 'tenant corp: no answer; tenant school: HTTP 403',
  });
});
