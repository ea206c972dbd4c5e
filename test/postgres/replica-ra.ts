/** Started servers with one database and folders of their own: every one of them opens what was encrypted to the RA of another. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '../../src/app/configured-server.ts';
import { discover, enroll, poll, type ScepServer } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { rows, run } from '../app/installation.ts';
import { ecKey } from '../kit/keys.ts';
import type { Keyed } from '../kit/pki.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { until, untilIs } from '../kit/until.ts';
import { deviceKey, newSubject } from '../wiring/device.ts';
import { certificateFile, DAY, file, issuing, keyedFiles, root, rootOf } from '../wiring/files.ts';
import { CHALLENGE, configured, PLAIN } from '../wiring/server.ts';

const database = await cluster({ version: 15 });
/** Certificates of devices that outlive two years: their CA has the clock of the system. */
const profiles = { long: { validity: '1000d', maxValidity: '1000d' } };
const endpoints = [
  { ...PLAIN, profile: 'long' },
  { ...PLAIN, path: '/manual', approval: 'manual' },
];
const MANUAL = '/manual';

async function newStore() {
  return {
    url: `postgres://openndes@127.0.0.1:${database.port}/${await database.database()}`,
    password: `\${file:${file('password', ROLE.password)}}`,
    secretsKey: Buffer.alloc(32, 7).toString('base64'),
  };
}

let folders = 0;
/** The configuration of one replica, with the files of its CA in a folder of its own. */
function installed(store: object | string, { ca = issuing, ra = 'auto' }: { ca?: Keyed; ra?: string } = {}) {
  const name = `replica-${++folders}/certs/ca`;
  const files = keyedFiles(name, ca);
  const chain = ca === issuing ? { chain: certificateFile(`replica-${folders}/root.pem`, root) } : {};
  const config = configured({
    store,
    authorities: { issuing: { ...files, ...chain, ra } },
    profiles,
    endpoints,
  });
  return { config, certs: dirname(files.certificate) };
}

type Start = { workers?: number; clock?: () => Date };

/** The SCEP URL of one endpoint of a server, which ends with the test. It looks for a next RA all the time. */
async function started(t: TestContext, config: string, { workers = 1, clock }: Start = {}) {
  const server = await startServer(config, { logLevel: 'silent', workers, watchEvery: 50, ...(clock && { clock }) });
  t.after(() => server.close());
  const { origin } = new URL(server.urls[0]!);
  return { at: (path: string) => origin + path, close: () => server.close() };
}

type Replica = Awaited<ReturnType<typeof started>>;
const context = { fetch, clock: systemClock, random: systemRandom };
const given = ({ at }: Replica, path = PLAIN.path): Promise<ScepServer> => discover(at(path), context);
const raAt = async (replica: Replica): Promise<string> =>
  new X509Certificate((await given(replica)).recipient).fingerprint;
const device = () => ({ key: deviceKey, subject: nameFromText(newSubject()), challenge: CHALLENGE });

/** What a device gets here that has the certificates of GetCACert from elsewhere. */
async function enrolledAt({ at }: Replica, told: ScepServer, own = context): Promise<string> {
  return (await enroll({ ...told, url: at(PLAIN.path) }, device(), own)).status;
}

const versionOf = async ({ url }: { url: string }): Promise<number> => {
  const found = await database.sql<{ version: number }>(
    `select version from secrets where name = 'ra/issuing'`,
    new URL(url).pathname.slice(1),
  );
  return found[0]?.version ?? 0;
};

test('A08 GetCACert at one replica, PKCSReq at another, CertPoll at a third; no RA is in files', async (t) => {
  const store = await newStore();
  const all = [installed(store), installed(store), installed(store)];
  const [a, b, c] = await Promise.all(all.map(({ config }) => started(t, config)));
  const told = await given(a!, MANUAL);
  assert.deepEqual(await raAt(b!), await raAt(a!));
  assert.deepEqual(await raAt(c!), await raAt(a!));
  const plan = device();
  const asked = await enroll({ ...told, url: b!.at(MANUAL) }, plan, context);
  assert.equal(asked.status, 'pending');
  const [waiting] = rows(await run('certs', 'pending', '--json', '--config', all[0]!.config));
  const approved = await run('certs', 'approve', waiting!['id']!, '--config', all[0]!.config);
  assert.equal(approved.code, 0, approved.err);
  const got = await poll({ ...told, url: c!.at(MANUAL) }, plan, context);
  assert.equal(got.status, 'success');
  assert.equal(await versionOf(store), 1);
  for (const { certs } of all) assert.deepEqual(readdirSync(certs), ['ca.key.pem', 'ca.pem']);
});

test('A08 the next RA is opened by every replica before one gives it out, and the old one afterwards', async (t) => {
  const store = await newStore();
  let ahead = 0;
  const clock = (): Date => new Date(systemClock().getTime() + ahead);
  const own = { ...context, clock };
  const all = [];
  for (const { config } of [installed(store), installed(store)]) all.push(await started(t, config, { clock }));
  const [a, b] = all as [Replica, Replica];
  const old = await given(a);
  const before = await raAt(a);
  ahead = 702 * DAY;
  await untilIs(2, () => versionOf(store), 'the version of the RA in the store');
  await sleep(500);
  for (const each of all) {
    assert.equal(await raAt(each), before);
    assert.equal(await enrolledAt(each, old, own), 'success');
  }
  ahead += 10 * 60_000;
  await until(async () => (await raAt(a)) !== before && (await raAt(b)) !== before, 'the next RA at both replicas');
  const next = await given(a);
  assert.equal(await raAt(b), await raAt(a));
  // This client refuses a reply that another RA signs than the one that GetCACert had.
  for (const each of all) for (const told of [next, old]) assert.equal(await enrolledAt(each, told, own), 'success');
  assert.equal(await versionOf(store), 2);
});

test('A08 the RA that an installation kept in files is that of its replicas', async (t) => {
  const alone = installed('sqlite:./store.db');
  const first = await started(t, alone.config);
  const kept = await given(first);
  const before = await raAt(first);
  await first.close();
  const store = await newStore();
  const moved = configured({
    store,
    authorities: {
      issuing: {
        certificate: join(alone.certs, 'ca.pem'),
        key: join(alone.certs, 'ca.key.pem'),
        chain: certificateFile('moved-root.pem', root),
        ra: 'auto',
      },
    },
    profiles,
    endpoints,
  });
  const files = readdirSync(alone.certs);
  const a = await started(t, moved);
  const b = await started(t, installed(store).config);
  for (const each of [a, b]) {
    assert.equal(await raAt(each), before);
    assert.equal(await enrolledAt(each, kept), 'success');
  }
  assert.deepEqual(readdirSync(alone.certs), files);
});

test('A08 while replicas get a new CA one after the other, threads of each open what is encrypted to the other', async (t) => {
  const store = await newStore();
  const a = await started(t, installed(store).config, { workers: 2 });
  const told = await given(a);
  const b = await started(
    t,
    installed(store, { ca: await rootOf('CN=Wiring Issuing', ecKey('another issuing')) }).config,
    {
      workers: 2,
    },
  );
  const next = await given(b);
  assert.notDeepEqual(next.recipient, told.recipient);
  // The device trusts the CA of both.
  const certificates = [...told.certificates, ...next.certificates];
  for (const each of [a, b])
    for (const server of [told, next]) assert.equal(await enrolledAt(each, { ...server, certificates }), 'success');
});

test('commands read the RA of replicas in the store, and make none', async (t) => {
  const store = await newStore();
  const { config, certs } = installed(store);
  const checked = await run('check', '--config', config);
  assert.equal(checked.code, 0, checked.err);
  const shown = async () => rows(await run('ca', 'show', '--json', '--config', config)).map(({ role }) => role);
  assert.deepEqual(await shown(), ['issuing CA', 'root']);
  const a = await started(t, config);
  assert.deepEqual(await shown(), ['issuing CA', 'root', 'RA']);
  assert.equal((await run('check', '--config', config)).code, 0);
  const named = rows(await run('ca', 'show', '--json', '--config', config)).at(-1)?.['thumbprint'];
  assert.equal(named, (await raAt(a)).replaceAll(':', ''));
  assert.equal(existsSync(join(certs, 'ra.pem')), false);
  assert.equal(await versionOf(store), 1);
});
