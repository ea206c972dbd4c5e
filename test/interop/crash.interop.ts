/** `kill -9` at every step of the line: what was answered stands, what was issued is known. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { until } from '../kit/until.ts';
import { accepted, of, settled } from './kit/aftermath.ts';
import { prepared, STRICT_POINTS, type StrictPoint } from './kit/crash.ts';
import { type Installation, install } from './kit/installation.ts';
import type { Server } from './kit/server.ts';
import type { Message } from './kit/message.ts';

let installation: Installation;
before(async () => {
  installation = await install('rsa-2048');
});
afterEach(() => installation.tenant.clearFaults());
after(() => installation.remove());

/** The state of the certificate that a killed server leaves behind, if it recorded one. */
type Left = 'issued' | 'delivered' | undefined;

/**
 * The server was killed while it worked on the message: starts another, and proves that nothing is lost or hidden. `times`: how
 * often Intune has accepted the notification then, always the same one.
 */
async function restarted(message: Message, left: Left, times = 1): Promise<void> {
  const [before] = of(await installation.certificates(), message);
  assert.equal(before?.state, left);
  const server = await installation.serve();
  const [finished] = of(await settled(installation), message);
  assert.deepEqual([finished?.state, finished?.serial], [left && 'delivered', before?.serial]);

  const answer = await message.send(server.url);
  const [listed, ...others] = of(await installation.certificates(), message);
  assert.deepEqual([answer.status, answer.serial], ['success', listed?.serial]);
  assert.deepEqual([listed?.state, others], ['delivered', []]);
  if (finished) assert.equal(answer.serial, finished.serial);
  assert.deepEqual(await accepted(installation, listed!.thumbprint), [times, 1]);
  assert.equal(await server.stop(), 0);
}

/** Where the server ends → what it leaves behind. */
const LEFT: Readonly<Record<StrictPoint, Left>> = {
  'before the request is looked up': undefined,
  'before the certificate is recorded': undefined,
  'after the certificate is recorded': 'issued',
  'before the delivery is recorded': 'issued',
  'after the delivery is recorded': 'delivered',
};

for (const point of STRICT_POINTS)
  test(`killed ${point}`, async () => {
    const message = await prepared(installation, point.replaceAll(' ', '-'));
    const server = await installation.serve({ crash: point });
    await assert.rejects(message.send(server.url));
    await server.gone;
    // Intune has accepted it once already, which was not recorded.
    await restarted(message, LEFT[point], point === 'before the delivery is recorded' ? 2 : 1);
  });

/** The call for whose answer the server waits → what it leaves behind. */
const WAITING: Readonly<Record<string, Left>> = {
  token: undefined,
  discovery: undefined,
  validateRequest: undefined,
  successNotification: 'issued',
};

for (const [hop, left] of Object.entries(WAITING))
  test(`killed while it waits for the answer to ${hop}`, async () => {
    const message = await prepared(installation, `waiting-${hop}`);
    await heldAndKilled(await installation.serve(), message, hop);
    await installation.tenant.clearFaults();
    await restarted(message, left);
  });

test('what was left behind and is then refused by Intune is revoked, never delivered', async () => {
  const message = await prepared(installation, 'left-and-refused');
  await heldAndKilled(await installation.serve(), message, 'successNotification');
  await installation.tenant.clearFaults();
  await installation.tenant.setFault({ hop: 'successNotification', fault: { code: 'Unknown' }, count: 1 });
  const server = await installation.serve();
  const states = async () => of(await settled(installation), message).map(({ state }) => state);
  assert.deepEqual(await states(), ['revoked (never delivered)']);
  assert.equal((await message.send(server.url)).status, 'success');
  assert.deepEqual(await states(), ['delivered', 'revoked (never delivered)']);
  assert.equal(await server.stop(), 0);
});

/** Kills the server when its call has reached the tenant, which does not answer. */
async function heldAndKilled(server: Server, message: Message, hop: string): Promise<void> {
  const { tenant } = installation;
  const arrived = async () =>
    (await tenant.calls()).filter((call) => call.hop === hop && call.code === 'timeout').length;
  const before = await arrived();
  await tenant.setFault({ hop, fault: 'timeout' });
  const unanswered = assert.rejects(message.send(server.url));
  await until(async () => (await arrived()) > before, `a call of ${hop}`, { every: 1 });
  assert.equal(await server.kill(), 'SIGKILL');
  await unanswered;
}

test('killed after the answer', async () => {
  const message = await prepared(installation, 'answered');
  const server = await installation.serve();
  const { status, serial } = await message.send(server.url);
  assert.equal(status, 'success');
  await server.kill();
  await restarted(message, 'delivered');
  assert.equal(of(await installation.certificates(), message)[0]?.serial, serial);
});
