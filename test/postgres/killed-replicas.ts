/** Two servers on one database, of which one is killed at every step of the line while both are under load. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Load, loadOn } from '../interop/kit/fleet.ts';
import { type Fleet, type FleetServer, fleetOn } from '../interop/kit/fleet-installation.ts';
import { assertWhole } from '../interop/kit/invariants.ts';
import { type DatabaseProxy, databaseProxy, type Fate } from '../kit/database-proxy.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { until } from '../kit/until.ts';

const database = await cluster({ version: 15 });
const name = await database.database();
const secretsKey = randomBytes(32).toString('base64');
const storeAt = (port: number) => ({
  url: `postgres://${ROLE.user}@127.0.0.1:${port}/${name}`,
  password: ROLE.password,
  secretsKey,
});

type Replica = { proxy: DatabaseProxy; server: FleetServer; start: () => Promise<void> };
let fleet: Fleet;
let replicas: [Replica, Replica];
let load: Load;

async function replica(called: string): Promise<Replica> {
  const proxy = await databaseProxy(database.port);
  const start = () => fleet.start(called, storeAt(proxy.port));
  const made = { proxy, server: await start(), start: async () => void (made.server = await start()) };
  return made;
}

before(async () => {
  fleet = await fleetOn(storeAt(database.port));
  replicas = [await replica('one'), await replica('two')];
  const origins = () => replicas.map(({ server }) => server.origin);
  load = await loadOn(fleet, replicas[0].server, { origins, mayDie: true });
});
after(async () => {
  await fleet.remove();
  for (const { proxy } of replicas) await proxy.close();
});

/** Where it is killed: what becomes of the commit, and a part of a statement of its transaction. */
const COMMITS: Readonly<Record<string, { fate: Fate; has: string }>> = {
  'before a certificate is recorded': { fate: 'is lost', has: 'insert into "certificates"' },
  'after a certificate is recorded': { fate: 'answer is lost', has: 'insert into "certificates"' },
  'before a delivery is recorded': { fate: 'is lost', has: 'update "certificates"' },
  'after a delivery is recorded': { fate: 'answer is lost', has: 'update "certificates"' },
  'before a notification is claimed': { fate: 'is lost', has: 'update "notifications" set "fence"' },
  'after a notification is claimed': { fate: 'answer is lost', has: 'update "notifications" set "fence"' },
  'before an acknowledgement is recorded': { fate: 'is lost', has: 'delete from "notifications"' },
  'after an acknowledgement is recorded': { fate: 'answer is lost', has: 'delete from "notifications"' },
};

/** One of the two is killed. The other one goes on, and the killed one is started again. */
async function killed(arm: (one: Replica, kill: () => void) => void): Promise<void> {
  const { promise: dead, resolve } = Promise.withResolvers<Replica>();
  const disarm = (): void =>
    replicas.forEach(({ proxy }) => void (proxy.atCommit = proxy.atCut = proxy.atStatement = undefined));
  for (const one of replicas)
    arm(one, () => {
      disarm();
      void one.server.kill().then(() => resolve(one));
    });
  const one = await Promise.race([dead, pause(90_000).then(() => assert.fail('no server came to that step'))]);
  const before = load.issued();
  await until(() => load.issued() > before, 'a certificate from the other one');
  await one.start();
}

test('a request is looked up: killed', () =>
  killed(({ proxy }, kill) => {
    proxy.atStatement = (statement) => {
      if (statement.includes('from "transactions"')) kill();
    };
  }));

for (const [point, { fate, has }] of Object.entries(COMMITS))
  test(`killed ${point}`, () =>
    killed(({ proxy }, kill) => {
      proxy.atCommit = (statements) => (statements.some((text) => text.includes(has)) ? fate : 'passes');
      proxy.atCut = kill;
    }));

test('what a dead one had begun is finished by the other within a minute', async () => {
  const [one, two] = replicas;
  one.proxy.atCommit = (statements) =>
    statements.some((text) => text.includes('insert into "notifications"')) ? 'answer is lost' : 'passes';
  one.proxy.atCut = () => void one.server.kill();
  await one.server.gone;
  await load.stop();
  const died = performance.now();
  await load.end(75_000);
  const states = async () => (await fleet.certificates()).filter(({ state }) => state === 'issued');
  while ((await states()).length > 0)
    assert.ok(performance.now() - died < 75_000, 'certificates are still neither delivered nor revoked');
  await assertWhole(fleet, load.devices, two.server);
  assert.equal(await two.server.stop(), 0);
});
