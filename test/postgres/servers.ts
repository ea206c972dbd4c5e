/** Several servers on one database: any request of a device may reach any of them, and a lost one leaves nothing behind. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import * as pkijs from 'pkijs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '../../src/app/configured-server.ts';
import { openPostgresStore } from '../../src/store/postgres.ts';
import { announceServer } from '../../src/store/replicas.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { run } from '../app/installation.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { asked, certified, enrolled, forgery, newSubject, polled, posted, statusOf } from '../wiring/device.ts';
import { until } from '../kit/until.ts';
import { ocspRequest, readResponse } from '../ocsp/ocsp-under-test.ts';
import { atEnd, file, issuing, issuingSection } from '../wiring/files.ts';
import { CHALLENGE, configured, PLAIN, started } from '../wiring/server.ts';

const database = await cluster({ version: 15, settings: { fsync: 'off', max_connections: '200' } });
const KEY = randomBytes(32).toString('base64');
const password = `\${file:${file('password', ROLE.password)}}`;
const urlOf = (name: string): string => `postgres://openndes@127.0.0.1:${database.port}/${name}`;
const MANUAL = { path: '/manual', policy: { static: CHALLENGE }, approval: 'manual' };

/** The `store` of a new database, with a key and without. */
async function newDatabase() {
  const name = await database.database();
  const alone = { url: urlOf(name), password };
  return { name, alone, replicas: { ...alone, secretsKey: KEY } };
}

/** So many servers on one new database, each with a configuration of its own. */
async function replicas(count: number) {
  const { name, replicas: store } = await newDatabase();
  const configs = Array.from({ length: count }, () => configured({ store, endpoints: [PLAIN, MANUAL] }));
  const servers = [];
  for (const config of configs) servers.push(await started(config));
  return { name, configs, servers };
}

test('a device asks one server for the CA, another one for its certificate, and polls a third one', async () => {
  const { servers, configs } = await replicas(3);
  const [a, b, c] = servers.map(({ url }) => url('/manual')) as [string, string, string];
  const chains = await Promise.all([a, b, c].map(async (url) => (await asked(url, 'GetCACert')).body.toString('hex')));
  assert.deepEqual(new Set(chains).size, 1);
  const subject = newSubject();
  assert.equal((await enrolled(b, { subject })).status, 'pending');
  assert.equal((await polled(c, { subject })).status, 'pending');
  const pending = JSON.parse((await run('certs', 'pending', '--json', '--config', configs[0]!)).out) as {
    id: string;
  }[];
  assert.equal((await run('certs', 'approve', pending[0]!.id, '--config', configs[0]!)).code, 0);
  const first = await polled(c, { subject });
  assert.equal(first.status, 'issued');
  const again = await polled(a, { subject });
  assert.deepEqual(Buffer.from(again.der).toString('hex'), Buffer.from(first.der).toString('hex'));
});

test('one request that reaches two servers at the same moment has one certificate', async () => {
  const { servers, configs } = await replicas(2);
  const [a, b] = servers.map(({ url }) => url('/plain')) as [string, string];
  for (let round = 0; round < 20; round++) {
    const message = await forgery();
    const answers = await Promise.all([posted(a, message), posted(b, message)]);
    for (const { status, body } of answers) assert.equal(status === 200 ? statusOf(body) : status, 'issued');
  }
  const listed = JSON.parse((await run('certs', 'list', '--json', '--config', configs[0]!)).out) as unknown[];
  assert.equal(listed.length, 20);
});

test('what one server revokes is revoked in the OCSP answers of each within seconds, and they share a signer', async () => {
  const { name, replicas: store } = await newDatabase();
  const authorities = { issuing: { ...issuingSection, ocsp: {} } };
  const configs = Array.from({ length: 2 }, () => configured({ store, authorities, endpoints: [PLAIN] }));
  const servers = await Promise.all(configs.map((config) => started(config)));
  const { serialNumber } = await certified(servers[0]!.url('/plain'));
  const request = Buffer.from(ocspRequest([serialNumber], { ca: issuing.certificate }));
  const answers = () =>
    Promise.all(
      servers.map(async ({ origin }) => {
        const response = await fetch(`${origin}/ocsp/issuing`, { method: 'POST', body: request });
        const { answers: all, signed } = readResponse(await response.bytes(), issuing.certificate);
        return [all[0]?.status, signed];
      }),
    );
  assert.deepEqual(await answers(), [
    ['good', true],
    ['good', true],
  ]);
  const revoked = await run('certs', 'revoke', serialNumber, '--config', configs[1]!);
  assert.equal(revoked.code, 0, revoked.err);
  await until(async () => (await answers()).every(([status]) => status === 'revoked'), 'revoked by OCSP');
  const rows = await database.sql<{ version: number }>(`select version from secrets where name like 'ocsp/%'`, name);
  assert.deepEqual(
    rows.map(({ version }) => version),
    [1],
  );
});

test('a certificate that one server revokes is on the list of each, and a list of one number is the same list', async () => {
  const { servers, configs } = await replicas(2);
  const lists = () =>
    Promise.all(
      servers.map(async ({ origin }) => {
        const der = await (await fetch(`${origin}/crl/issuing.crl`)).arrayBuffer();
        const {
          crlExtensions = { extensions: [] },
          revokedCertificates = [],
          thisUpdate,
        } = pkijs.CertificateRevocationList.fromBER(der);
        const number = crlExtensions.extensions.find(({ extnID }) => extnID === '2.5.29.20');
        return {
          number: Buffer.from(number?.extnValue.valueBlock.valueHexView ?? []).toString('hex'),
          thisUpdate: thisUpdate.value.getTime(),
          revoked: revokedCertificates.length,
        };
      }),
    );
  const [first, other] = await lists();
  assert.deepEqual(first, other);
  const { serialNumber } = await certified(servers[0]!.url('/plain'));
  assert.equal((await run('certs', 'revoke', serialNumber, '--config', configs[0]!)).code, 0);
  const [next, otherNext] = await lists();
  assert.deepEqual(next, otherNext);
  assert.equal(next?.revoked, 1);
  assert.ok(BigInt(`0x${next.number}`) > BigInt(`0x${first?.number}`));
});

test('a server without the key is refused beside others, and others beside it', async () => {
  const { alone, replicas: shared } = await newDatabase();
  const single = await started(configured({ store: alone }));
  const refused = await run('serve', '--config', configured({ store: shared }));
  assert.equal(refused.code, 78);
  assert.match(
    refused.err,
    /belongs to another server that is running, and that has no `store\.secretsKey`\nStop that one/,
  );
  await single.close();
  const one = await started(configured({ store: shared }));
  const { code, err } = await run('serve', '--config', configured({ store: alone }));
  assert.equal(code, 78);
  assert.match(err, /belongs to another server that is running\nStop that one first, .* the same `store\.secretsKey`/);
  const another = configured({ store: { ...shared, secretsKey: randomBytes(32).toString('base64') } });
  assert.match(
    (await run('serve', '--config', another)).err,
    /is not the key with which the secrets in \S+ are sealed/,
  );
  await one.close();
});

test('servers whose clocks are thirty seconds wrong share the work and the leases', async () => {
  const { name, replicas: store } = await newDatabase();
  const skewed = async (by: number) => {
    const clock = () => new Date(Date.now() + by);
    const server = await startServer(configured({ store }), { logLevel: 'silent', workers: 1, clock });
    atEnd(() => server.close());
    return server.urls[0]!;
  };
  const [fast, slow] = [await skewed(30_000), await skewed(-30_000)];
  for (const url of [fast, slow, fast, slow]) await certified(url);
  const [wrong] = await database.sql<{ count: number }>(
    `select count(*)::int as count from servers
      where abs(alive_at - extract(epoch from clock_timestamp()) * 1000) > 15000`,
    name,
  );
  assert.equal(wrong?.count, 0);
  const leasesNow = () =>
    database.sql<{ rest: number }>(
      `select (lease_until - extract(epoch from clock_timestamp()) * 1000)::int as rest from jobs where lease_until is not null`,
      name,
    );
  let leases = await leasesNow();
  for (let tries = 0; leases.length === 0 && tries < 100; tries++) {
    await sleep(100);
    leases = await leasesNow();
  }
  assert.ok(leases.length > 0);
  for (const { rest } of leases) assert.ok(rest > 100_000 && rest < 125_000, `a lease that ends in ${rest} ms`);
});

test('what a lost server has begun is taken by another one within a minute, and the lost one writes no result after that', async () => {
  const { name } = await newDatabase();
  const connecting = { place: database.place(name), password: () => ROLE.password, random: Math.random };
  const open = async (server: string) => {
    const opened = await openPostgresStore({ ...connecting, server });
    atEnd(() => opened.close());
    return opened;
  };
  const [ids, lost] = [[randomUUID(), randomUUID()] as const, [] as string[]];
  const [first, second] = [await open(ids[0]), await open(ids[1])];
  const lease = { owner: 'the request', leaseMs: 90_000 };
  const issuance = issuanceFor(1, { notification: 'strict', lease });
  const recorded = await first.recordIssued(issuance);
  assert.ok(recorded.kind === 'recorded' && recorded.notification);
  const take = () => second.claimNotifications({ owner: 'job', leaseMs: 60_000, mode: 'strict', limit: 5 });
  const alive = await announceServer({ ...connecting, server: ids[1], lost: (id) => void lost.push(id) });
  assert.deepEqual(await take(), []);
  // Its last sign of life, of a minute ago.
  await database.sql(`insert into servers select '${ids[0]}', alive_at - 60000 from servers`, name);
  const began = performance.now();
  while (lost.length === 0 && performance.now() - began < 20_000) await sleep(100);
  assert.deepEqual(lost, [ids[0]]);
  const [taken] = await take();
  assert.equal(taken?.id, recorded.notification.id);
  assert.equal(await first.acknowledgeNotification(recorded.notification, issuance.audit), false);
  assert.equal(await second.acknowledgeNotification(taken, issuance.audit), true);
  await alive.leave();
  assert.deepEqual(await database.sql('select id from servers', name), []);
});
