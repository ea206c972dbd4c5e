/** The faults that can be set, on every hop. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INTUNE_CODES } from '../../src/simulator/intune-codes.ts';
import { ControlError } from '../../src/simulator/control-error.ts';
import { ACTIONS, HOPS } from '../../src/simulator/service-call.ts';
import type { FaultValue } from '../../src/simulator/injected-faults.ts';
import { codeOf, minimalCall as call, type Reply, startTenant } from './tenant.ts';

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
  while (simulator.calls().length === 0) await new Promise(setImmediate);
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
  simulator.clearFaults();
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
