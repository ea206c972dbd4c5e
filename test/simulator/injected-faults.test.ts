/** The faults that can be set, on every hop. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { connect } from 'node:tls';
import { INTUNE_CODES } from '../../src/simulator/intune-codes.ts';
import { ControlError } from '../../src/simulator/control-error.ts';
import { ACTIONS, HOPS, type ServiceHop } from '../../src/simulator/service-call.ts';
import { startSimulator } from '../../src/simulator/simulated-tenant.ts';
import type { FaultValue } from '../../src/simulator/fault-table.ts';
import { codeOf, control, csr, minimalCall as call, type Reply, startTenant, type Tenant } from './tenant.ts';

test('every Intune code can be forced on every action', async (t) => {
  const tenant = await startTenant(t);
  for (const action of ACTIONS)
    for (const code of [...Object.keys(INTUNE_CODES), 'NoSuchCode']) {
      tenant.simulator.fault({ hop: action, fault: { code }, count: 1 });
      const reply = await call(tenant, action);
      assert.deepEqual([reply.status, codeOf(reply)], [200, code]);
    }
});

test('a code may be given without an object', async (t) => {
  const tenant = await startTenant(t);
  tenant.simulator.fault({ hop: 'validateRequest', fault: 'ChallengeExpired' });
  assert.equal(codeOf(await call(tenant, 'validateRequest')), 'ChallengeExpired');
});

for (const hop of HOPS)
  test(`statuses, HTML, an empty body and a closed connection on ${hop}`, async (t) => {
    const tenant = await startTenant(t);
    const { simulator } = tenant;
    await call(tenant, hop);
    const faulty = async (fault: FaultValue): Promise<Reply> => {
      simulator.fault({ hop, fault, count: 1 });
      return call(tenant, hop);
    };
    assert.equal((await faulty(503)).status, 503);
    assert.equal((await faulty('429')).status, 429);
    const busy = await faulty({ status: 503, retryAfter: 7 });
    assert.deepEqual([busy.status, busy.headers['retry-after']], [503, '7']);
    assert.equal(typeof JSON.parse(busy.text), 'object');
    const html = await faulty('html');
    assert.deepEqual([html.status, html.headers['content-type']], [200, 'text/html']);
    assert.match(html.text, /^<html>/);
    const empty = await faulty('empty');
    assert.deepEqual([empty.status, empty.text], [200, '']);
    await assert.rejects(faulty('disconnect'), /other side closed|ECONNRESET|socket/i);
    assert.deepEqual([simulator.calls().at(-1)!.code, simulator.calls().at(-1)!.status], ['disconnect', 0]);
  });

for (const hop of HOPS)
  test(`spoiled answers and broken connections on ${hop}`, async (t) => {
    const tenant = await startTenant(t);
    const { simulator } = tenant;
    const right = JSON.parse((await call(tenant, hop)).text) as Record<string, unknown>;
    const faulty = async (fault: FaultValue): Promise<Reply> => {
      simulator.fault({ hop, fault, count: 1 });
      return call(tenant, hop);
    };
    const redirect = await faulty('redirect');
    assert.deepEqual([redirect.status, redirect.headers['location']], [302, 'https://portal.example/sign-in']);
    const half = await faulty('truncated');
    assert.throws(() => JSON.parse(half.text) as unknown, SyntaxError);
    assert.ok(half.text.startsWith('{"'));
    const other = JSON.parse((await faulty('wrong-types')).text) as Record<string, unknown>;
    assert.deepEqual(Object.keys(other), Object.keys(right));
    for (const [name, value] of Object.entries(other)) assert.notEqual(typeof value, typeof right[name], name);
    const nested = JSON.parse((await faulty('nested500')).text) as {
      error: { message: string };
      error_description: string;
    };
    const message = nested.error.message ?? nested.error_description;
    assert.match((JSON.parse(message) as { Message: string }).Message, /internal server error/);
    const large = await faulty({ huge: 2_000_000 });
    assert.equal(Buffer.byteLength(large.text), 2_000_000);
    assert.deepEqual(Object.keys(JSON.parse(large.text) as object), Object.keys(right));
    const drops = await faulty({ drip: 1 });
    assert.deepEqual(Object.keys(JSON.parse(drops.text) as object), Object.keys(right));
    const broken = hop === 'managedIdentity' ? ['reset', 'cut', 'answer-lost'] : ['reset', 'cut', 'answer-lost', 'tls'];
    for (const fault of broken) {
      await assert.rejects(faulty(fault), /closed|ECONNRESET|aborted|terminated|SSL|socket|match|length/i, fault);
      const { code } = simulator.calls().at(-1)!;
      if (fault !== 'cut') assert.equal(code, fault);
    }
    assert.deepEqual(Object.keys(JSON.parse((await call(tenant, hop)).text) as object), Object.keys(right));
  });

test('tls puts octets that are no TLS where the client expects an answer', async (t) => {
  const { simulator } = await startTenant(t);
  simulator.fault({ hop: 'openid', fault: 'tls' });
  const { port } = new URL(simulator.tenant.cloud.login);
  const socket = connect({ host: '127.0.0.1', port: Number(port), ca: simulator.caPem });
  await once(socket, 'secureConnect');
  socket.write(`GET /${simulator.tenant.tenant}/v2.0/.well-known/openid-configuration HTTP/1.1\r\nhost: x\r\n\r\n`);
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  assert.match(error.code!, /^ERR_SSL_/);
});

test('drip sends an octet at a time, and stops when the client leaves', async (t) => {
  const tenant = await startTenant(t);
  const { simulator, agent } = tenant;
  simulator.fault({ hop: 'keys', fault: { drip: 20 } });
  const { cloud, tenant: name } = simulator.tenant;
  const response = await agent.request({ origin: cloud.login, path: `/${name}/discovery/v2.0/keys`, method: 'GET' });
  const parts: Buffer[] = [];
  for await (const part of response.body as AsyncIterable<Buffer>) if (parts.push(part) === 5) break;
  assert.equal(Buffer.concat(parts).toString(), '{"key');
});

test('answer-lost: the service did its work', async (t) => {
  const tenant = await startTenant(t);
  const { simulator } = tenant;
  const certificateRequest = await csr({ challenge: simulator.mint({ subject: 'CN=device-1' }) });
  simulator.app.setPolicy({ repeatedValidation: 'refused' });
  await tenant.discover();
  simulator.fault({ hop: 'validateRequest', fault: 'answer-lost', count: 1 });
  await assert.rejects(tenant.validate(certificateRequest));
  assert.equal(codeOf(await tenant.validate(certificateRequest)), 'BadCertificateRequestIdInChallenge');
});

const OPENID = ({ simulator }: Tenant): [method: 'GET', url: string, headers: Record<string, string>] => [
  'GET',
  `${simulator.tenant.cloud.login}/${simulator.tenant.tenant}/v2.0/.well-known/openid-configuration`,
  {},
];

test('refused on a hop: that call is reset, then the port refuses every connection for a while', async (t) => {
  const tenant = await startTenant(t);
  tenant.simulator.fault({ hop: 'token', fault: { refused: 1 }, count: 1 });
  assert.equal((await tenant.send(...OPENID(tenant))).status, 200, 'another hop');
  await assert.rejects(tenant.askToken(), /ECONNRESET|closed/);
  assert.equal(tenant.simulator.calls().at(-1)!.code, 'refused');
  await assert.rejects(tenant.send(...OPENID(tenant)), { code: 'ECONNREFUSED' });
  await setTimeout(1200);
  assert.equal((await tenant.askToken()).status, 200);
});

test('refused on all hops: at once and until it is cleared, the managed identity endpoints too', async (t) => {
  const tenant = await startTenant(t);
  assert.equal((await tenant.send(...OPENID(tenant))).status, 200);
  tenant.simulator.fault({ hop: '*', fault: 'refused' });
  await setImmediate();
  await assert.rejects(tenant.send(...OPENID(tenant)), { code: 'ECONNREFUSED' });
  await assert.rejects(call(tenant, 'managedIdentity'), { code: 'ECONNREFUSED' });
  assert.equal((await control(tenant.simulator, 'DELETE', '/faults')).status, 204);
  assert.equal((await tenant.send(...OPENID(tenant))).status, 200);
  assert.equal((await call(tenant, 'managedIdentity')).status, 400);
});

test('untrusted: the port shows a certificate of an unknown CA, and its own when the fault is cleared', async (t) => {
  const tenant = await startTenant(t);
  for (const hop of ['openid', '*'] as const) {
    tenant.simulator.fault({ hop, fault: 'untrusted' });
    if (hop === 'openid') await assert.rejects(tenant.send(...OPENID(tenant)), /ECONNRESET|closed/);
    await setImmediate();
    await assert.rejects(tenant.send(...OPENID(tenant)), { code: /UNABLE_TO_VERIFY|SELF_SIGNED/ });
    await tenant.simulator.clearFaults();
    assert.equal((await tenant.send(...OPENID(tenant))).status, 200);
  }
});

test('a simulator that refuses connections can be closed', async () => {
  const simulator = await startSimulator({ clock: () => new Date(), random: randomBytes });
  simulator.fault({ hop: '*', fault: 'refused' });
  await simulator.close();
  await assert.rejects(fetch(simulator.identity.imds.endpoint));
});

test('a fault on all hops applies where a hop has none of its own', async (t) => {
  const tenant = await startTenant(t);
  const { simulator } = tenant;
  simulator.fault({ hop: '*', fault: 503, count: 2 });
  simulator.fault({ hop: 'token', fault: 429, count: 1 });
  const status = async (hop: ServiceHop): Promise<number> => (await call(tenant, hop)).status;
  assert.deepEqual([await status('token'), await status('token'), await status('keys')], [429, 503, 503]);
  assert.equal(await status('keys'), 200);
});

test('timeout does not answer until the client closes the connection', { timeout: 10_000 }, async (t) => {
  const { simulator, agent } = await startTenant(t);
  simulator.fault({ hop: 'openid', fault: 'timeout' });
  const { cloud, tenant } = simulator.tenant;
  const leaving = new AbortController();
  const waiting = agent.request({
    origin: cloud.login,
    path: `/${tenant}/v2.0/.well-known/openid-configuration`,
    method: 'GET',
    signal: leaving.signal,
  });
  while (simulator.calls().length === 0) await setImmediate();
  leaving.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  assert.equal(simulator.calls()[0]!.code, 'timeout');
});

test('nested500 is an InternalError with JSON in its message', async (t) => {
  const tenant = await startTenant(t);
  tenant.simulator.fault({ hop: 'validateRequest', fault: 'nested500' });
  const reply = await call(tenant, 'validateRequest');
  const { error } = JSON.parse(reply.text) as { error: { code: string; message: string } };
  assert.deepEqual([reply.status, error.code], [500, 'InternalError']);
  assert.match((JSON.parse(error.message) as { Message: string }).Message, /internal server error.*Activity ID/);
});

test('discovery with lower-case names and with addresses at another host', async (t) => {
  const { simulator, discover } = await startTenant(t);
  const listed = async (): Promise<Record<string, string>[]> =>
    (JSON.parse((await discover()).text) as { value: Record<string, string>[] }).value;
  simulator.fault({ hop: 'discovery', fault: 'lowercase-keys', count: 1 });
  assert.deepEqual(
    (await listed()).map((entry) => entry['providername']),
    ['PkiConnectorFEService', 'ScepRequestValidationFEService'],
  );
  simulator.fault({ hop: 'discovery', fault: 'evil-host', count: 1 });
  for (const { uri } of await listed()) assert.equal(new URL(uri!).origin, 'https://evil.example');
  for (const { uri } of await listed()) assert.equal(new URL(uri!).origin, simulator.tenant.cloud.login);
});

test('faults on one hop apply in their order, until used up or cleared', async (t) => {
  const tenant = await startTenant(t);
  const { simulator } = tenant;
  const status = async (): Promise<number> => (await call(tenant, 'token')).status;
  simulator.fault({ hop: 'token', fault: 503, count: 2 });
  simulator.fault({ hop: 'token', fault: 500 });
  simulator.fault({ hop: 'token', fault: 429 });
  assert.deepEqual([await status(), await status(), await status(), await status()], [503, 503, 429, 429]);
  await simulator.clearFaults();
  assert.equal(await status(), 400, 'the service answers again');
});

for (const [name, request, message] of [
  ['an unknown hop', { hop: 'sign', fault: 'html' }, /openid, instance, keys, token/],
  ['an unknown fault', { hop: 'token', fault: 'rain' }, /html.*timeout.*no-role.*503/s],
  ['an Intune code where there are none', { hop: 'token', fault: 'ChallengeExpired' }, /Accepted/],
  ['a fault of another hop', { hop: 'token', fault: 'evil-host' }, /Accepted/],
  ['a status that is no error', { hop: 'token', fault: 200 }, /400 to 599/],
  ['an unknown member', { hop: 'token', fault: { status: 503, after: 1 } }, /Accepted/],
  ['no fault', { hop: 'token' }, /missing/],
  ['a count of nothing', { hop: 'token', fault: 503, count: 0 }, /count/],
  ['nonsense', 7, /"hop"/],
] as const)
  test(`refuses ${name} and says what is accepted`, async (t) => {
    const { simulator } = await startTenant(t);
    assert.throws(
      () => simulator.fault(request as never),
      (error) => error instanceof ControlError && message.test(error.message),
    );
  });
