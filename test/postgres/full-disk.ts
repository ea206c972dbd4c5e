/** The disk of the database server is full: 503 and the reason while it is, and no restart of the server afterwards. */
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { type Load, loadOn } from '../interop/kit/fleet.ts';
import { type Fleet, type FleetServer, fleetOn } from '../interop/kit/fleet-installation.ts';
import { assertRefusing, isReady } from '../interop/kit/full-disk.ts';
import { assertWhole } from '../interop/kit/invariants.ts';
import { type Cluster, cluster, ROLE } from '../kit/postgres-cluster.ts';
import { opened } from '../kit/postgres-opening.ts';
import { smallDisk } from '../kit/small-disk.ts';
import { until } from '../kit/until.ts';

const ends: (() => Promise<void>)[] = [];
after(async () => {
  for (const end of ends) await end();
});

async function installed(database: Cluster): Promise<Fleet> {
  const url = `postgres://${ROLE.user}@127.0.0.1:${database.port}/${await database.database()}`;
  const fleet = await fleetOn({ url, password: ROLE.password });
  ends.push(fleet.remove);
  return fleet;
}

/** Notifications that were claimed when there was no space are sent after their lease of 90 seconds: both tests wait for the same one. */
const PATIENCE = 130_000;
type Left = { fleet: Fleet; load: Load; server: FleetServer };
const left: Left[] = [];

async function loaded(database: Cluster): Promise<Left> {
  const fleet = await installed(database);
  const server = await fleet.start();
  const load = await loadOn(fleet, server, { origins: () => [server.origin] });
  await until(() => load.issued() >= 20, 'certificates');
  // The row that it writes is there then.
  assert.ok(await isReady(server));
  left.push({ fleet, load, server });
  return { fleet, load, server };
}

async function recovered({ load, server }: Left): Promise<void> {
  await until(() => isReady(server), '200 at /readyz');
  const before = load.issued();
  await until(() => load.issued() >= before + 20, 'more certificates');
  await load.stop();
}

const FULL = /No space left on device \(53100\)\. The disk of the database server is full\. Free some space/;
const dataDisk = smallDisk(64);
const onSmallData = await cluster({ version: 15, disks: { data: dataDisk.folder } });

test('the check of a store fails without space for new rows, although the row that it writes has its place', async () => {
  const store = await opened(onSmallData.place(await onSmallData.database()));
  await store.check();
  dataDisk.fill();
  for (let look = 0; look < 20; look++) await assert.rejects(store.check(), FULL);
  dataDisk.free();
  await store.check();
  await store.close();
});

test('no space for the tables: writes are refused, and accepted when there is space', async () => {
  const all = await loaded(onSmallData);
  dataDisk.fill();
  await assertRefusing(all.server, all.load, FULL);
  dataDisk.free();
  await recovered(all);
});

const logDisk = smallDisk(16);
const onSmallLog = await cluster({
  version: 15,
  disks: { wal: logDisk.folder },
  settings: { min_wal_size: '2MB', max_wal_size: '4MB' },
});

test('no space for the log of the database: it stops, and is started when there is space', async () => {
  const all = await loaded(onSmallLog);
  logDisk.fill();
  await assertRefusing(all.server, all.load, /store postgres:\S+: /);
  await onSmallLog.stop('immediate');
  logDisk.free();
  await onSmallLog.start();
  await recovered(all);
});

test('afterwards nothing is lost and nothing is there twice, without a restart of the server', async () => {
  assert.equal(left.length, 2);
  for (const { load } of left) await load.end(PATIENCE);
  for (const { fleet, load, server } of left) {
    await assertWhole(fleet, load.devices, server);
    assert.equal(await server.stop(), 0);
  }
});
