/** What a running server does by itself: it sends notifications again, and forgets requests that are left behind. */
import assert from 'node:assert/strict';
import { mock, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../../src/core/environment.ts';
import type { Policy } from '../../src/core/policy.ts';
import { createServer, DEFAULT_PROFILE, localAuthority, openSqliteStore } from '../../src/index.ts';
import { enrolled, newSubject, polled } from './device.ts';
import { clock, issuing, ra, random, root } from './files.ts';
import { eventsAt, mend, receiver, SECRET } from './receiver.ts';
import { CHALLENGE, configured, started } from './server.ts';
import { tenantNamed } from './tenant.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Takes the present time and setInterval into the hands of the test. Other timers stay real. */
function heldTime(t: TestContext): void {
  mock.timers.enable({ apis: ['Date', 'setInterval'], now: Date.now() });
  t.after(() => mock.timers.reset());
}

/** Lets time go by in steps, at most so many, until something is so. Between two of them the server gets real time. */
async function passing(step: number, most: number, what: () => boolean): Promise<void> {
  for (let steps = 0; steps < most && !what(); steps++) {
    mock.timers.tick(step);
    for (let pauses = 0; pauses < 10 && !what(); pauses++) await pause(10);
  }
}

test('a notification that fails with an HTTP status is sent again by the timer until it is accepted', async (t) => {
  heldTime(t);
  const tenant = await tenantNamed('fails at first');
  const { simulator, section } = tenant;
  simulator.fault({ hop: 'successNotification', fault: { status: 404 }, count: 2 });
  const endpoints = [{ path: '/scep', policy: { intune: 'corp', notify: 'outbox' } }];
  const { url, close } = await started(configured({ tenants: { corp: section }, endpoints }));
  t.after(close);
  const calls = () => simulator.calls().filter(({ hop }) => hop === 'successNotification');

  const issued = Date.now();
  assert.equal((await tenant.enrolled(url('/scep'))).status, 'issued');
  await passing(4_999, 1, () => calls().length > 0);
  assert.deepEqual(calls(), [], 'the timer has not been there yet');
  await passing(1, 1, () => calls().length > 0);
  await passing(5 * SECOND, 100, () => calls().length > 2);
  assert.deepEqual(
    calls().map(({ status }) => status),
    [404, 404, 200],
  );
  const [first, again, last] = calls().map(({ at }) => Date.parse(at));
  assert.ok(first! - issued < 30 * SECOND, `the first one came ${first! - issued} ms after the certificate`);
  assert.ok(again! - first! >= 30 * SECOND, `the second one came ${again! - first!} ms after the first`);
  assert.ok(last! - again! >= 60 * SECOND, `the third one came ${last! - again!} ms after the second`);
  await passing(HOUR, 2, () => calls().length > 3);
  assert.equal(calls().length, 3, 'what is accepted is not sent again');
});

test('a webhook with `outbox` is notified by the timer, and one with `none` never', async (t) => {
  heldTime(t);
  const { http } = await receiver();
  const webhook = (path: string, notify: string) => ({
    url: `http://127.0.0.1:${http}${path}`,
    secret: SECRET,
    notify,
  });
  const endpoints = [
    { path: '/outbox', policy: { webhook: webhook('/allow/outbox', 'outbox') } },
    { path: '/none', policy: { webhook: webhook('/allow/none', 'none') } },
  ];
  const { url, close } = await started(configured({ endpoints }));
  t.after(close);
  for (const { path } of endpoints) assert.equal((await enrolled(url(path))).status, 'issued');
  await passing(5 * SECOND, 100, () => eventsAt('/allow/outbox').length > 1);
  assert.deepEqual(eventsAt('/allow/outbox'), ['request', 'issued']);
  assert.deepEqual(eventsAt('/allow/none'), ['request']);
});

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

test('an embedder chooses how often a notification is looked for', async (t) => {
  heldTime(t);
  let notified = 0;
  const policy: Policy = {
    name: 'test',
    decide: async () => ({ kind: 'allow', notify: 'outbox' }),
    async notify() {
      notified++;
      return {};
    },
  };
  const store = await openSqliteStore({ path: ':memory:', clock });
  const above = { certificate: issuing.certificate, chain: [root.certificate] };
  const issuer = localAuthority({ ...above, key: issuing.key, profile: DEFAULT_PROFILE, clock, random });
  const endpoint = { path: '/scep', policy, issuer, ra, chain: [issuing.certificate, root.certificate] };
  const server = await createServer({ endpoints: [endpoint], store, logger: silent, notificationInterval: 700 });
  t.after(async () => {
    await server.close();
    await store.close();
  });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  assert.equal((await enrolled(`${origin}/scep`)).status, 'issued');
  await passing(699, 1, () => notified > 0);
  assert.equal(notified, 0);
  await passing(1, 1, () => notified > 0);
  // Less than the five seconds that it would be otherwise.
  await passing(700, 5, () => notified > 0);
  assert.equal(notified, 1);
});

/** A device that waits at two endpoints: for an administrator, and for a service that fails until it is mended. */
async function waiting(t: TestContext) {
  heldTime(t);
  const path = `/mended/${newSubject().slice(3)}`;
  const webhook = { url: `http://127.0.0.1:${(await receiver()).http}${path}`, secret: SECRET };
  const config = configured({
    endpoints: [
      { path: '/manual', policy: { static: CHALLENGE }, approval: 'manual' },
      { path: '/unreachable', policy: { webhook } },
    ],
  });
  let server = await started(config);
  const restart = async (): Promise<void> => {
    await server.close();
    server = await started(config);
  };
  const subject = newSubject();
  for (const place of ['/manual', '/unreachable'])
    assert.equal((await enrolled(server.url(place), { subject })).status, 'pending');
  return {
    mend: () => mend(path),
    poll: async (place: string) => (await polled(server.url(place), { subject })).status,
    /** Lets so much time go by. A server tidies up as it starts, and does not end before it has done so. */
    later: async (milliseconds: number) => {
      mock.timers.setTime(Date.now() + milliseconds);
      await restart();
      await restart();
    },
  };
}

test('a request that waits for an administrator is there for thirty days', async (t) => {
  const device = await waiting(t);
  await device.later(2 * HOUR);
  assert.equal(await device.poll('/manual'), 'pending');
  await device.later(27 * DAY);
  assert.equal(await device.poll('/manual'), 'pending');
  await device.later(3 * DAY);
  assert.equal(await device.poll('/manual'), 'failInfo 4');
});

test('a request that waits for a service that cannot be asked is given up after an hour', async (t) => {
  const device = await waiting(t);
  await device.later(58 * MINUTE);
  assert.equal(await device.poll('/unreachable'), 'pending');
  await device.later(3 * MINUTE);
  device.mend();
  assert.equal(await device.poll('/unreachable'), 'failInfo 2');
});

test('a request that waits for a service gets its certificate when the service can be asked again', async (t) => {
  const device = await waiting(t);
  await device.later(58 * MINUTE);
  device.mend();
  assert.equal(await device.poll('/unreachable'), 'issued');
});
