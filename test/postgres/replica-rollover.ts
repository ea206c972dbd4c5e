/** Two servers on one database, a folder each: an RA ends and a CA rolls over while devices enrol at both; and an RA is stolen. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningServer, startServer } from '../../src/app/configured-server.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { run } from '../app/installation.ts';
import { startLoad } from '../kit/device-load.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { until } from '../kit/until.ts';
import { deviceKey, newSubject } from '../wiring/device.ts';
import { certificateFile, DAY, file, issuing, keyedFiles, root } from '../wiring/files.ts';
import { CHALLENGE, configured, PLAIN } from '../wiring/server.ts';

const database = await cluster({ version: 15, settings: { fsync: 'off' } });
const context = { fetch, clock: systemClock, random: systemRandom };
const RUNBOOKS = readFileSync(join(import.meta.dirname, '../../docs/runbooks.md'), 'utf8');
const GIVEN = ['ca-g2.pem', 'ca-g2.chain.pem', 'ca-g2.key.pem', 'ca.rollover.json'];

/** Servers whose clock is `ahead` of that of the system, and of the CA. */
async function replicas(t: TestContext, ahead: () => number) {
  const name = await database.database();
  const store = {
    url: `postgres://openndes@127.0.0.1:${database.port}/${name}`,
    password: `\${file:${file('password', ROLE.password)}}`,
    secretsKey: Buffer.alloc(32, 7).toString('base64'),
  };
  const clock = (): Date => new Date(systemClock().getTime() + ahead());
  const replica = async (folder: string) => {
    const files = keyedFiles(`${folder}/certs/ca`, issuing);
    const config = configured({
      store,
      authorities: { issuing: { ...files, chain: certificateFile(`${folder}/root.pem`, root), ra: 'auto' } },
      // Devices that are on their way when the clock is moved have signed in its past.
      profiles: { long: { validity: '1000d', maxValidity: '1000d' } },
      endpoints: [{ ...PLAIN, profile: 'long', signingTime: 'off' }],
    });
    const server = await startServer(config, { logLevel: 'silent', workers: 1, watchEvery: 50, clock });
    t.after(() => server.close());
    const rollover = async (...args: string[]): Promise<void> => {
      const { code, err } = await run('ca', 'rollover', ...args, '--config', config);
      assert.equal(code, 0, err);
    };
    return { server, config, url: server.urls[0]!, certs: dirname(files.certificate), rollover };
  };
  return { name, clock, a: await replica('first'), b: await replica('second') };
}

test('the RA ends and the CA rolls over, one replica after the other, under load: no enrolment fails', async (t) => {
  let ahead = 0;
  const { a, b, clock } = await replicas(t, () => ahead);
  const recipientAt = async (url: string): Promise<X509Certificate> =>
    new X509Certificate((await discover(url, { ...context, clock })).recipient);
  const load = startLoad({
    url: [a.url, b.url, b.url, a.url, a.url],
    challenge: CHALLENGE,
    atOnce: 4,
    clock,
    // By a profile, as devices of Intune do.
    trusts: [issuing.certificate],
    trustsNext: true,
  });
  await load.more(10);
  const first = await recipientAt(a.url);
  ahead = 702 * DAY;
  // The next RA is announced, and serves ten minutes later.
  await sleep(500);
  await load.more(10);
  ahead += 15 * 60_000;
  const isRenewed = async (url: string) => (await recipientAt(url)).serialNumber !== first.serialNumber;
  await until(async () => (await isRenewed(a.url)) && (await isRenewed(b.url)), 'the next RA at both');
  await load.more(10);
  ahead = 731 * DAY;
  assert.ok(new Date(first.validTo) < clock());
  await load.more(10);
  await a.rollover('start', '--new-key', '--issuer-key', keyedFiles('root/root', root).key);
  for (const name of GIVEN) copyFileSync(join(a.certs, name), join(b.certs, name));
  for (const each of [a, b]) await each.server.reload();
  await load.more(10);
  for (const each of [a, b]) {
    await each.rollover('finish');
    await each.server.reload();
    await load.more(20);
  }
  await load.end();
  assert.deepEqual(load.faults, []);
  assert.deepEqual([...load.issuers.keys()].toSorted(), ['CN=Wiring Issuing', 'CN=Wiring Issuing G2']);
  const [last, other] = [await recipientAt(a.url), await recipientAt(b.url)];
  assert.deepEqual([last.issuer, other.serialNumber], ['CN=Wiring Issuing G2', last.serialNumber]);
});

test('the runbook for a stolen RA of replicas: after its statement another RA serves, and nothing opens with the old one', async (t) => {
  const [, statement = ''] = /run `(delete from secrets [^`]*)`/.exec(RUNBOOKS) ?? [];
  const { name, a, b } = await replicas(t, () => 0);
  const stolen = await discover(a.url, context);
  for (const each of [a, b]) await each.server.close();
  await database.sql(statement, name);
  const started: RunningServer[] = [];
  for (const { config } of [a, b]) started.push(await startServer(config, { logLevel: 'silent', workers: 1 }));
  t.after(() => Promise.all(started.map((each) => each.close())));
  const [url, other] = started.map((each) => each.urls[0]!) as [string, string];
  const told = await discover(url, context);
  assert.notDeepEqual(told.recipient, stolen.recipient);
  const device = () => ({ key: deviceKey, subject: nameFromText(newSubject()), challenge: CHALLENGE });
  assert.equal((await enroll({ ...told, url: other }, device(), context)).status, 'success');
  await assert.rejects(enroll({ ...stolen, url }, device(), context), /not signed by the RA/);
});
