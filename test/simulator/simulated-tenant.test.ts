/** Start, restart and end of the simulator. */
import assert from 'node:assert/strict';
import { randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { Agent } from 'undici';
import { type Simulator, type SimulatorState, startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { freePort } from '../kit/ports.ts';
import { codeOf, csr, startTenant } from './tenant.ts';

async function fresh(t: TestContext): Promise<Simulator> {
  const simulator = await startSimulator({ clock: () => new Date(), random: randomBytes });
  t.after(() => simulator.close());
  return simulator;
}

const portOf = (url: string): number => Number(new URL(url).port);

test('after a restart with the state the CA, challenges and the tenant stay valid', async (t) => {
  const port = await freePort();
  const first = await startSimulator({ clock: () => new Date(), random: randomBytes, port });
  const challenge = first.mint({ subject: 'CN=device-1' });
  const agent = new Agent({ connect: { ca: first.caPem } });
  t.after(() => agent.close());
  await first.close();
  const state = JSON.parse(JSON.stringify(first.state)) as SimulatorState;
  const { simulator, validate, token } = await startTenant(t, { state, port });
  assert.deepEqual(simulator.tenant, first.tenant);
  assert.equal(simulator.caPem, first.caPem);
  assert.equal(codeOf(await validate(await csr({ challenge }))), 'Success');
  assert.equal(typeof (await token()), 'string');
  const path = `/${first.tenant.tenant}/v2.0/.well-known/openid-configuration`;
  const response = await agent.request({ origin: first.tenant.cloud.login, path, method: 'GET' });
  assert.equal(response.statusCode, 200, 'the CA of the first start is still the right one');
  await response.body.dump();
});

test('after a restart with the state a token stays valid', async (t) => {
  const port = await freePort();
  const before = await startTenant(t, { port });
  const { state } = before.simulator;
  const old = await before.token();
  await before.simulator.close();
  const after = await startTenant(t, { state, port });
  const reply = await after.act('validateRequest', {}, { authorization: `Bearer ${old}` });
  assert.equal(reply.status, 400, 'past the token check');
});

test('a chosen identity is used; otherwise ids and secrets are random', async (t) => {
  const identity = { tenant: 'contoso.onmicrosoft.com', clientId: 'my-client', clientSecret: 'my-secret' };
  const { simulator } = await startTenant(t, identity);
  const { cloud: _, ...pasted } = simulator.tenant;
  assert.deepEqual(pasted, identity);
  const [a, b] = await Promise.all([fresh(t), fresh(t)]);
  assert.notEqual(a.tenant.clientSecret, b.tenant.clientSecret);
  assert.notEqual(a.caPem, b.caPem);
});

test('the certificate is for localhost and 127.0.0.1, issued by caPem', async (t) => {
  const { simulator } = await startTenant(t);
  const port = portOf(simulator.tenant.cloud.login);
  for (const servername of ['localhost', undefined]) {
    const socket = tlsConnect({ host: '127.0.0.1', port, ca: simulator.caPem, ...(servername ? { servername } : {}) });
    await once(socket, 'secureConnect');
    assert.ok(socket.authorized);
    assert.equal(socket.getPeerX509Certificate()!.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1');
    socket.destroy();
  }
  assert.ok(new X509Certificate(simulator.caPem).ca);
});

test('a port in use is an error, and no listener stays open', async (t) => {
  const { simulator } = await startTenant(t);
  const controlPort = portOf(simulator.control);
  const options = { clock: () => new Date(), random: randomBytes };
  await assert.rejects(startSimulator({ ...options, controlPort }), { code: 'EADDRINUSE' });
  await assert.rejects(startSimulator({ ...options, port: controlPort }), { code: 'EADDRINUSE' });
});

test('close does not wait for sockets that send nothing', async () => {
  const simulator = await startSimulator({ clock: () => new Date(), random: randomBytes });
  const sockets = [simulator.tenant.cloud.login, simulator.control].map((url) => connect(portOf(url), '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const ended = sockets.map((socket) => once(socket.resume(), 'close'));
  await simulator.close();
  await Promise.all(ended);
});

test('close ends a call that has no answer', { timeout: 10_000 }, async () => {
  const simulator = await startSimulator({ clock: () => new Date(), random: randomBytes });
  simulator.fault({ hop: 'openid', fault: 'timeout' });
  const agent = new Agent({ connect: { ca: simulator.caPem } });
  const path = `/${simulator.tenant.tenant}/v2.0/.well-known/openid-configuration`;
  const waiting = assert.rejects(agent.request({ origin: simulator.tenant.cloud.login, path, method: 'GET' }));
  while (simulator.calls().length === 0) await new Promise(setImmediate);
  await simulator.close();
  await waiting;
  await agent.close();
});

test('the log has hop, code and status of a call, and nothing that was sent', async (t) => {
  const lines: object[] = [];
  const note = (fields: object): void => void lines.push(fields);
  const { askToken } = await startTenant(t, { logger: { debug: note, info: note, warn: note, error: note } });
  await askToken();
  assert.deepEqual(lines, [{ hop: 'token', code: 'OK', status: 200 }]);
});
