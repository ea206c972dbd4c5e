/** `kill -9` with `notify: outbox`: the device keeps what it was given, and Intune is told once, or twice when its answer was lost. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../kit/until.ts';
import { accepted, of } from './kit/aftermath.ts';
import { type CrashPoint, type OutboxPoint, prepared } from './kit/crash.ts';
import { configuration } from './kit/endpoints.ts';
import { type Installation, type Listed, install } from './kit/installation.ts';
import type { Message } from './kit/message.ts';

let installation: Installation;
before(async () => {
  installation = await install('rsa-2048', (tenant) => configuration(tenant, 'outbox'));
});
afterEach(() => installation.tenant.clearFaults());
after(() => installation.remove());

const certificateOf = async (message: Message): Promise<Listed | undefined> => {
  const [listed, ...others] = of(await installation.certificates(), message);
  assert.deepEqual(others, []);
  return listed;
};

/** How often Intune has been told, when it has been told at least so often. */
async function told(message: Message, times: number): Promise<unknown> {
  for (let look = 0; look < 120; look++) {
    const { thumbprint = '' } = (await certificateOf(message)) ?? {};
    const [count, different] = await accepted(installation, thumbprint);
    if (count >= times) return [count, different];
    await pause(250);
  }
  return 'not told within half a minute';
}

/** The server is gone: starts another one, which owes nothing more when it has told Intune `times` times in all. */
async function restarted(message: Message, left: { serial?: string | undefined }, times: number): Promise<void> {
  const server = await installation.serve();
  const { status, serial } = await message.send(server.url);
  assert.equal(status, 'success');
  if (left.serial !== undefined) assert.equal(serial, left.serial);
  assert.deepEqual(await told(message, times), [times, 1]);
  assert.equal(await server.stop(), 0);
  // A third server finds nothing to tell.
  const next = await installation.serve();
  await pause(1_000);
  assert.equal(await next.stop(), 0);
  assert.deepEqual(await told(message, times), [times, 1]);
  const listed = await certificateOf(message);
  assert.deepEqual([listed?.serial, listed?.state], [serial, 'delivered']);
}

/** Before the answer: whether the certificate is recorded. A recorded one counts as delivered: the same request gets it. */
const BEFORE_THE_ANSWER: Readonly<Partial<Record<CrashPoint, boolean>>> = {
  'before the request is looked up': false,
  'before the certificate is recorded': false,
  'after the certificate is recorded': true,
};

for (const [point, recorded] of Object.entries(BEFORE_THE_ANSWER) as [CrashPoint, boolean][])
  test(`outbox: killed ${point}`, async () => {
    const message = await prepared(installation, point.replaceAll(' ', '-'));
    const server = await installation.serve({ crash: point });
    await assert.rejects(message.send(server.url));
    await server.gone;
    const left = await certificateOf(message);
    assert.equal(left !== undefined, recorded);
    await restarted(message, { serial: left?.serial }, 1);
  });

/** After the answer: how often Intune has accepted the notification in the end. */
const AFTER_THE_ANSWER: Readonly<Record<OutboxPoint, number>> = {
  'before the notification is claimed': 1,
  'after the notification is claimed': 1,
  // Intune has accepted it once already, which was not recorded.
  'before the acknowledgement is recorded': 2,
  'after the acknowledgement is recorded': 1,
};

for (const [point, times] of Object.entries(AFTER_THE_ANSWER) as [OutboxPoint, number][])
  test(`outbox: killed ${point}`, async () => {
    const message = await prepared(installation, point.replaceAll(' ', '-'));
    const server = await installation.serve({ crash: point });
    const { status, serial } = await message.send(server.url);
    assert.equal(status, 'success');
    await server.gone;
    await restarted(message, { serial }, times);
  });

/** What happens to the call for whose answer the server waits → how often Intune has accepted the notification in the end. */
for (const [fault, code, times] of [
  ['timeout', 'timeout', 1],
  [{ drip: 60_000 }, 'Success', 2],
] as const)
  test(`outbox: killed while it waits for the answer to successNotification, which Intune ${times === 2 ? 'has' : 'has not'} accepted`, async () => {
    const { tenant } = installation;
    const message = await prepared(installation, `waiting-${code}`);
    const arrived = async () =>
      (await tenant.calls()).filter((call) => call.hop === 'successNotification' && call.code === code).length;
    const before = await arrived();
    await tenant.setFault({ hop: 'successNotification', fault });
    const server = await installation.serve();
    const { status, serial } = await message.send(server.url);
    assert.equal(status, 'success');
    await until(async () => (await arrived()) > before, 'a call of successNotification', { every: 1 });
    assert.equal(await server.kill(), 'SIGKILL');
    await tenant.clearFaults();
    await restarted(message, { serial }, times);
  });
