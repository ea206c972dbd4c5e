/**
 * `npm run outage [-- DEVICES]`: devices enrol while all of Microsoft is cut off for a while and restored, half of them with
 * `notify: strict` and half with `outbox`. In the end each has one certificate, and Intune was told of each.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { ecKey } from '../kit/keys.ts';
import { TOKEN } from '../wiring/administrator.ts';
import { enrolled, polled } from '../wiring/device.ts';
import { atEnd, clock, file, FOLDER, random } from '../wiring/files.ts';
import { configured } from '../wiring/server.ts';
import { MODES } from './cells.ts';
import { inTurns } from './in-turns.ts';
import { serverOn } from './server.ts';

const DEVICES = Number(process.argv[2] ?? 1_000);
const STORE = join(FOLDER, 'outage.db');
/** Microsoft is cut off when so many devices have their first answer, and back when so many have. */
const [CUT, BACK] = [DEVICES * 0.2, DEVICES * 0.7];

function rows(query: string): Record<string, string | number>[] {
  const database = new DatabaseSync(STORE, { readOnly: true });
  try {
    return database.prepare(query).all() as Record<string, string | number>[];
  } finally {
    database.close();
  }
}

test(`${DEVICES} devices through an outage: one certificate for each, and Intune is told of each`, async (context) => {
  const simulator = await startSimulator({ clock, random });
  atEnd(() => simulator.close());
  const server = await serverOn(
    configured({
      store: `sqlite:${STORE}`,
      admin: { port: 0, token: TOKEN },
      tenants: { corp: { ...simulator.tenant, trustCa: file('outage-tenant.pem', simulator.caPem) } },
      endpoints: MODES.map((notify) => ({ path: `/${notify}`, policy: { intune: 'corp', notify } })),
    }),
  );
  const wishes = Array.from({ length: DEVICES }, (_, n) => {
    const subject = `CN=outage-${n}`;
    return {
      url: `${server.origin}/${MODES[n % 2]!}`,
      wish: { subject, challenge: simulator.mint({ subject }), key: ecKey(subject) },
    };
  });

  const held = new Set<string>();
  const first: Record<string, number> = {};
  let answered = 0;
  const waiting: typeof wishes = [];
  await inTurns(wishes, async (device) => {
    const { status } = await enrolled(device.url, device.wish);
    first[status] = (first[status] ?? 0) + 1;
    if (status === 'issued') held.add(device.wish.subject);
    else waiting.push(device);
    if (++answered === Math.round(CUT)) simulator.fault({ hop: '*', fault: 'refused' });
    if (answered === Math.round(BACK)) await simulator.clearFaults();
  });
  // A device that was told to wait polls, some seconds later by the clock of the server. One that got FAILURE, because its
  // strict notification failed, gets a new challenge from Intune at its next check-in: Intune learned that the old one failed.
  const withNewChallenge = ({ wish }: (typeof wishes)[number]) => ({
    ...wish,
    challenge: simulator.mint({ subject: wish.subject }),
  });
  for (let round = 0; waiting.length > 0 && round < 30; round++) {
    await pause(1_500);
    server.moveClock(10_000);
    await inTurns(waiting.splice(0), async (device) => {
      const poll = await polled(device.url, device.wish);
      const { status } =
        poll.status === 'issued' || poll.status === 'pending'
          ? poll
          : await enrolled(device.url, withNewChallenge(device));
      if (status === 'issued') held.add(device.wish.subject);
      else waiting.push(device);
    });
  }
  for (let look = 0; look < 240 && rows('select id from notifications').length > 0; look++) {
    server.moveClock(60_000);
    await pause(500);
  }

  assert.equal(held.size, DEVICES);
  const delivered = rows("select subject, thumbprint from certificates where state = 'delivered'");
  assert.equal(new Set(delivered.map(({ subject }) => subject)).size, DEVICES);
  assert.equal(delivered.length, DEVICES, 'a device has two certificates');
  const told = new Map<unknown, Set<string>>();
  for (const { hop, code, body } of simulator.calls()) {
    if (hop !== 'successNotification' || code !== 'Success') continue;
    const { notification } = body as { notification: { certificateThumbprint: string } };
    const known = told.get(notification.certificateThumbprint) ?? new Set();
    told.set(notification.certificateThumbprint, known.add(JSON.stringify(body)));
  }
  assert.deepEqual(
    delivered.filter(({ thumbprint }) => told.get(thumbprint)?.size !== 1),
    [],
    'Intune was not told, or was told different things',
  );
  assert.deepEqual(rows('select id from notifications'), []);
  context.diagnostic(
    `first answers: ${JSON.stringify(first)}; revoked as never delivered: ${rows("select id from certificates where state = 'revoked'").length}`,
  );
});
