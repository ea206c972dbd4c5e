/** The disk of the store is full: no request is half recorded, the server says why it refuses, and goes on when there is space. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { smallDisk } from '../kit/small-disk.ts';
import { until } from '../kit/until.ts';
import { loadOn } from './kit/fleet.ts';
import { type Fleet, fleetOn } from './kit/fleet-installation.ts';
import { assertRefusing, isReady } from './kit/full-disk.ts';
import { assertWhole } from './kit/invariants.ts';

const disk = smallDisk(48);
let fleet: Fleet | undefined;
after(() => fleet?.remove());

test('SQLite: 503 with Retry-After while the disk is full, and no restart afterwards', async () => {
  fleet = await fleetOn(`sqlite:${disk.folder}/openndes.db`);
  const server = await fleet.start();
  const load = await loadOn(fleet, server, { origins: () => [server.origin] });
  for (let time = 1; time <= 2; time++) {
    await until(() => load.issued() >= 20 * time, 'certificates');
    disk.fill();
    await assertRefusing(server, load, /store \S+openndes\.db: .*The disk is full\. Free some space/);
    disk.free();
    await until(() => isReady(server), '200 at /readyz');
  }
  await until(() => load.issued() >= 60, 'more certificates');
  await load.end(130_000);
  await assertWhole(fleet, load.devices, server);
  assert.match(await fleet.check(), /^The store is in order /);
  assert.equal(await server.stop(), 0);
});
