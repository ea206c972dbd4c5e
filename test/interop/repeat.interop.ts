/** The same request again, also many at once, is one certificate; and a certificate that Intune has not acknowledged is not delivered. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { type Installation, install } from './kit/installation.ts';
import type { Server } from './kit/server.ts';
import { messagesFor } from './kit/message.ts';

let installation: Installation;
let server: Server;
before(async () => {
  installation = await install('rsa-2048');
  server = await installation.serve();
});
afterEach(() => installation.tenant.clearFaults());
after(async () => {
  assert.equal(await server.stop(), 0);
  await installation.remove();
});

const message = async (device: string) => (await messagesFor(installation, server.url, [device]))[0]!;
const certificatesOf = async (wanted: string) =>
  (await installation.certificates()).filter(({ subject }) => subject === wanted);
const callsOf = async (hop: string) => (await installation.tenant.calls()).filter((call) => call.hop === hop).length;

test('the same bytes twice give the same certificate, and Intune is asked once', async () => {
  const { send, subject } = await message('twice');
  const [validated, notified] = [await callsOf('validateRequest'), await callsOf('successNotification')];
  const first = await send(server.url);
  assert.equal(first.status, 'success');
  assert.deepEqual(await send(server.url), first);
  const listed = await certificatesOf(subject);
  assert.deepEqual(
    listed.map(({ serial, state }) => ({ serial, state })),
    [{ serial: first.serial, state: 'delivered' }],
  );
  assert.equal(await callsOf('validateRequest'), validated + 1);
  assert.equal(await callsOf('successNotification'), notified + 1);
});

test('the same bytes twenty times at once give one certificate', async () => {
  const { send, subject } = await message('parallel');
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(server.url)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set(['success']));
  const [listed, ...others] = await certificatesOf(subject);
  assert.deepEqual([listed?.state, others], ['delivered', []]);
  assert.deepEqual(new Set(answers.map(({ serial }) => serial)), new Set([listed?.serial]));
});

for (const fault of [{ code: 'Unknown' }, 503, 'disconnect'])
  test(`strict: a successNotification answered with ${JSON.stringify(fault)} delivers nothing`, async () => {
    const { send, subject } = await message(`unacknowledged-${typeof fault}-${JSON.stringify(fault).length}`);
    await installation.tenant.setFault({ hop: 'successNotification', fault });
    assert.deepEqual(await send(server.url), { status: 'failure' });
    const [listed, ...others] = await certificatesOf(subject);
    assert.deepEqual(others, []);
    assert.equal(listed?.state, 'revoked (never delivered)');
    assert.equal(listed?.deliveredAt, undefined);
  });

test('strict: after a refused notification the same request gets a new certificate, never the revoked one', async () => {
  const { send, subject } = await message('second-try');
  await installation.tenant.setFault({ hop: 'successNotification', fault: { code: 'Unknown' }, count: 1 });
  assert.equal((await send(server.url)).status, 'failure');
  const { status, serial } = await send(server.url);
  assert.equal(status, 'success');
  const listed = await certificatesOf(subject);
  assert.deepEqual(
    listed.map(({ state }) => state),
    ['delivered', 'revoked (never delivered)'],
  );
  assert.equal(listed[0]?.serial, serial);
});
