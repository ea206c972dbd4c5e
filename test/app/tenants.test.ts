/** A tenant that cannot be used: named by the running server and by `check --online`, and never a reason to be unready. */
import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { clockReport } from '../../src/app/clock-difference.ts';
import { startServer } from '../../src/app/configured-server.ts';
import { tenantWatch } from '../../src/app/tenant-watch.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import type { IntuneClient } from '../../src/intune/client.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { readinessOf } from '../../src/app/standings.ts';
import type { FailureNotification } from '../../src/core/notification.ts';
import { handClock } from '../kit/clock.ts';
import { keptLog } from '../kit/log.ts';
import { fakeTenant } from '../intune/fake-tenant.ts';
import { installed } from './installation.ts';

async function withTenant(t: TestContext, webhook?: string) {
  const simulator = await startSimulator({ clock: systemClock, random: systemRandom });
  t.after(() => simulator.close());
  const { folder, config, cli } = await installed(t, (text) =>
    text
      .replace(
        /^ +policy: \{ static.*$/m,
        `    policy: ${webhook ? `{ allOf: [{ intune: corp }, ${webhook}] }` : '{ intune: corp }'}`,
      )
      .concat(
        `admin: { port: 0, token: a-token-of-more-than-16 }\ntenants: { corp: { ${tenantFields(simulator.tenant)}, trustCa: sim.pem } }\n`,
      ),
  );
  writeFileSync(join(folder, 'sim.pem'), simulator.caPem);
  return { simulator, config, cli };
}

const tenantFields = (tenant: object): string =>
  Object.entries(tenant)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(', ');

test('a running server asks a tenant until it answers: the detail has the cause, the page says that requests wait, /readyz stays 200', async (t) => {
  const { simulator, config } = await withTenant(t);
  simulator.fault({ hop: 'token', fault: 'no-role' });
  const server = await startServer(config, { logLevel: 'silent', workers: 1, watchEvery: 20 });
  t.after(() => server.close());
  const url = server.urls[0]!;
  const tenant = async (): Promise<string> => {
    const body = (await (await fetch(`${server.adminUrl}/readyz`)).json()) as { tenants: Record<string, string> };
    return body.tenants['corp']!;
  };
  const becomes = async (expected: RegExp): Promise<void> => {
    for (let tries = 0; tries < 200 && !expected.test(await tenant()); tries++) await pause(25);
    assert.match(await tenant(), expected);
  };
  await becomes(/^failed: .*role/);
  assert.equal((await fetch(`${new URL(url).origin}/readyz`)).status, 200);
  assert.equal((await fetch(`${server.adminUrl}/readyz`)).status, 200);
  assert.match(await (await fetch(url)).text(), /and requests wait/);
  await simulator.clearFaults();
  await becomes(/^ok$/);
  assert.match(await (await fetch(url)).text(), /&#10003;/);
});

test('check --online: what works on one line each, and exit 1 with cause and remedy for what does not', async (t) => {
  const hook = createServer((_request, response) => void response.writeHead(405).end());
  hook.listen(0, '127.0.0.1');
  await once(hook, 'listening');
  const { port } = hook.address() as AddressInfo;
  const webhook = `{ webhook: { url: "http://127.0.0.1:${port}/decide", secret: 0123456789abcdef } }`;
  const { simulator, cli } = await withTenant(t, webhook);
  const well = await cli('check', '--online');
  assert.equal(well.code, 0, well.err);
  assert.match(
    well.out,
    /^tenant corp: can be used: Entra gives tokens with the role, and Graph names the service\.$/m,
  );
  assert.match(
    well.out,
    new RegExp(`^webhook 127\\.0\\.0\\.1:${port}: can be reached: it answers GET with HTTP 405$`, 'm'),
  );
  assert.match(well.out, /Everything is in order\.$/);
  simulator.fault({ hop: 'token', fault: 'no-role' });
  hook.closeAllConnections();
  hook.close();
  await once(hook, 'close');
  const ill = await cli('check', '--online');
  assert.equal(ill.code, 1);
  assert.match(ill.err, /^error: tenant corp: .*role/m);
  assert.match(ill.err, new RegExp(`^error: webhook 127\\.0\\.0\\.1:${port}: `, 'm'));
  assert.doesNotMatch(ill.out, /Everything is in order/);
  assert.equal((await cli('check')).code, 0);
});

for (const { what, answer } of [
  { what: 'a page of 100 KB', answer: (response: ServerResponse) => response.end('x'.repeat(100_000)) },
  { what: 'a page that never ends', answer: (response: ServerResponse) => response.write('x') },
])
  test(`check --online: a webhook that answers GET with ${what} can be reached`, async (t) => {
    const hook = createServer((_request, response) => void answer(response));
    hook.listen(0, '127.0.0.1');
    await once(hook, 'listening');
    t.after(() => (hook.closeAllConnections(), hook.close()));
    const { port } = hook.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/decide`;
    const webhook = `{ webhook: { url: "${url}", secret: 0123456789abcdef, timeout: 2s } }`;
    const { cli } = await withTenant(t, webhook);
    const { code, out, err } = await cli('check', '--online');
    assert.equal(code, 0, err);
    assert.match(
      out,
      new RegExp(`^webhook 127\\.0\\.0\\.1:${port}: can be reached: it answers GET with HTTP 200$`, 'm'),
    );
  });

test('a cause is said once an hour at level error, and its end at level info; a tenant that works is not asked again', async (t) => {
  const tenant = await fakeTenant();
  t.after(() => tenant.close());
  const clock = handClock();
  const { emit, lines } = keptLog();
  const client = tenant.client({ timeouts: { retries: 0 } });
  const { run } = tenantWatch({ clients: new Map([['corp', client]]), clock, emit });
  const runs = async (): Promise<string[]> => {
    await run(new AbortController().signal);
    return lines.splice(0).map((line) => {
      const { level, event, hop } = JSON.parse(line) as Record<string, string>;
      return [level, event, hop].filter((each) => each !== undefined).join(' ');
    });
  };
  tenant.always('discovery', { status: 403, json: {} });
  assert.deepEqual(await runs(), ['50 tenant-unusable discovery']);
  assert.deepEqual(await runs(), []);
  clock.forward(3_600_000);
  assert.deepEqual(await runs(), ['50 tenant-unusable discovery']);
  tenant.always('discovery', {
    json: { value: [{ providerName: 'ScepRequestValidationFEService', uri: `${tenant.origin}/x/` }] },
  });
  assert.deepEqual(await runs(), ['30 tenant-usable']);
  tenant.calls.length = 0;
  assert.deepEqual(await runs(), []);
  assert.deepEqual(tenant.hops(), []);
});

const NOTIFICATION: FailureNotification = {
  kind: 'failure',
  endpoint: '/scep',
  transactionId: 'T',
  csr: Buffer.from('csr'),
  hresult: 1,
  description: 'no',
};

/** The text of the readiness detail. */
async function standing(client: IntuneClient): Promise<string> {
  const endpoints = { served: [], notServed: [] };
  const store = await openSqliteStore({ path: ':memory:', clock: systemClock });
  const clients = new Map([['corp', client]]);
  const { detail } = readinessOf({ endpoints, watched: () => [], clients, store, clock: systemClock });
  const { tenants } = (await detail!()) as { tenants: { corp: string } };
  return tenants.corp;
}

test('a notification that failed is said once, and again an hour later only when one failed again', async (t) => {
  const tenant = await fakeTenant();
  t.after(() => tenant.close());
  const clock = handClock();
  const { emit, lines } = keptLog();
  const client = tenant.client({ timeouts: { retries: 0 }, clock });
  const { run } = tenantWatch({ clients: new Map([['corp', client]]), clock, emit });
  const never = new AbortController().signal;
  const runs = async (): Promise<string[]> => {
    await run(never);
    return lines.splice(0).map((line) => (JSON.parse(line) as { event: string }).event);
  };
  const fail = async (): Promise<void> => {
    tenant.answer('failureNotification', { status: 503, text: 'no' });
    await client.failureNotification(NOTIFICATION, never).catch(() => undefined);
  };
  assert.deepEqual(await runs(), []);
  await fail();
  const failedAt = clock().toISOString();
  assert.deepEqual(await runs(), ['tenant-unusable']);
  assert.ok(
    (await standing(client)).startsWith(
      `ok, but the last notification failed, since ${failedAt}: Intune failureNotification: HTTP 503`,
    ),
  );
  clock.forward(3_600_000);
  assert.deepEqual(await runs(), []);
  await fail();
  assert.deepEqual(await runs(), ['tenant-unusable']);
  await client.failureNotification(NOTIFICATION, never);
  assert.deepEqual(await runs(), ['tenant-usable']);
  clock.forward(3_600_000);
  await fail();
  // The check after it finds what else fails; when that is over, the tenant can be used, whatever came of the notification.
  tenant.answer('discovery', { status: 403, json: {} });
  tenant.answer('discovery', { status: 403, json: {} }, { status: 403, json: {} });
  assert.deepEqual(await runs(), ['tenant-unusable']);
  assert.match(await standing(client), /^failed: Intune discovery: HTTP 403/);
  assert.deepEqual(await runs(), ['tenant-usable']);
  assert.match(await standing(client), /^ok, but the last notification failed/);
});

test('a clock that differs from Entra’s by more than five minutes is named once a day, with the difference', () => {
  const clock = handClock();
  const { emit, lines } = keptLog();
  const report = clockReport(clock, emit);
  const offBy = (seconds: number) => report(new Date(clock().getTime() - seconds * 1_000));
  const seconds = (): number[] => lines.splice(0).map((line) => (JSON.parse(line) as { seconds: number }).seconds);
  offBy(300);
  offBy(-300);
  assert.deepEqual(seconds(), []);
  offBy(86_400);
  offBy(86_400);
  assert.deepEqual(seconds(), [86_400]);
  clock.forward(86_400_000);
  offBy(-400);
  assert.deepEqual(seconds(), [-400]);
});
