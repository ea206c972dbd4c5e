/** A server under load while its database stops at once, or the connection to it is cut: nothing is lost, nothing happens twice. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { databaseProxy, type Fate } from '../kit/database-proxy.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { type Load, loadOn } from '../interop/kit/fleet.ts';
import { type Fleet, type FleetServer, fleetOn } from '../interop/kit/fleet-installation.ts';
import { assertWhole } from '../interop/kit/invariants.ts';

const database = await cluster({ version: 15 });

/** The store in a new database, reached at this port. */
const newStore = async (port = database.port) => ({
  url: `postgres://${ROLE.user}@127.0.0.1:${port}/${await database.database()}`,
  password: ROLE.password,
});

/** A strict notification whose request ended without an answer is finished after its lease of 90 seconds. */
const LEASE = 130_000;

const ends: (() => Promise<void>)[] = [];
after(async () => {
  for (const end of ends.toReversed()) await end();
});

type Left = { fleet: Fleet; load: Load; server: FleetServer };
let stopped: Left | undefined;
let cut: Left | undefined;

test('the database stops at once ten times under load', async (context) => {
  const fleet = await fleetOn(await newStore());
  ends.push(fleet.remove);
  const server = await fleet.start();
  const load = await loadOn(fleet, server, { origins: () => [server.origin] });
  const refused: number[] = [];
  for (let time = 0; time < 10; time++) {
    await pause(600 + Math.random() * 400);
    const before = load.later();
    await database.stop('immediate');
    await database.start();
    refused.push(load.later() - before);
  }
  await pause(1_000);
  context.diagnostic(`${load.issued()} issued; 503 at each stop: ${refused.join()}`);
  await load.stop();
  assert.ok(refused.filter((count) => count > 0).length >= 5, `requests met ${refused.join()} of the stops`);
  stopped = { fleet, load, server };
});

/** What is cut, by a part of a statement that is in the transaction. */
const CUT = {
  'of an issuance': 'insert into "certificates"',
  'of a delivery': 'update "certificates"',
  'of a notification that is done': 'delete from "notifications"',
} as const;
const FATES: readonly Fate[] = ['is lost', 'answer is lost', { cutAfter: 0 }, { cutAfter: 2 }];

test('the connection is cut in the middle of commits, and at random moments', async (context) => {
  const proxy = await databaseProxy(database.port);
  ends.push(proxy.close);
  const fleet = await fleetOn(await newStore(proxy.port));
  ends.push(fleet.remove);
  const server = await fleet.start();
  const load = await loadOn(fleet, server, { origins: () => [server.origin] });
  for (const [what, statement] of Object.entries(CUT))
    for (const fate of FATES) {
      const { promise: met, resolve } = Promise.withResolvers<void>();
      proxy.atCommit = (statements) => {
        if (!statements.some((text) => text.includes(statement))) return 'passes';
        proxy.atCommit = undefined;
        resolve();
        return fate;
      };
      await Promise.race([met, pause(20_000).then(() => assert.fail(`no commit ${what}`))]);
      await pause(150);
    }
  for (let time = 0; time < 10; time++) {
    proxy.cut();
    await pause(Math.random() * 300);
  }
  context.diagnostic(`${load.issued()} issued, ${load.later()} times 503`);
  await load.stop();
  cut = { fleet, load, server };
});

/** Both wait for the same lease. */
async function whole(left: Left | undefined): Promise<void> {
  assert.ok(left, 'there was no load');
  const { fleet, load, server } = left;
  await load.end(LEASE);
  await assertWhole(fleet, load.devices, server);
  assert.equal(await server.stop(), 0);
}

test('after the stops nothing is lost and nothing is there twice, without a restart of the server', () =>
  whole(stopped));

test('after the cuts nothing is lost and nothing is there twice, without a restart of the server', () => whole(cut));
