/** The control API and its web page. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Script } from 'node:vm';
import { request } from 'undici';
import type { RecordedCall } from '../../src/simulator/calls.ts';
import { codeOf, control, csr, startTenant } from './tenant.ts';

test('POST /challenges creates a challenge that Intune accepts', async (t) => {
  const { simulator, validate } = await startTenant(t);
  const expectation = { subject: 'CN=device-1', san: ['dns:a.example'], validitySeconds: 60 };
  const { status, json } = await control(simulator, 'POST', '/challenges', expectation);
  assert.equal(status, 200);
  const { challenge } = json as { challenge: string };
  assert.equal(codeOf(await validate(await csr({ san: ['dns:a.example'], challenge }))), 'Success');
});

for (const [body, message] of [
  [{}, /subject/],
  ['[]', /subject/],
  ['null', /object/],
  [{ subject: 'device-1' }, /distinguished name/],
  [{ subject: 'CN=x', sans: [] }, /^sans: unknown; there are subject, san/],
  [{ subject: 'CN=x', san: ['a.example'] }, /dns:, email:/],
  [{ subject: 'CN=x', san: 'dns:a' }, /list/],
  [{ subject: 'CN=x', keyUsage: ['everything'] }, /digitalSignature/],
  [{ subject: 'CN=x', extendedKeyUsage: ['everything'] }, /clientAuth/],
  [{ subject: 'CN=x', keyLength: '2048' }, /bits/],
  [{ subject: 'CN=x', validitySeconds: 1.5 }, /seconds/],
  [{ subject: `CN=${'x'.repeat(70_000)}` }, /exceeds/],
  ['{', /JSON/],
] as const)
  test(`POST /challenges refuses ${JSON.stringify(body).slice(0, 60)} and says why`, async (t) => {
    const { simulator } = await startTenant(t);
    const { status, json } = await control(simulator, 'POST', '/challenges', body);
    assert.equal(status, 400);
    assert.match((json as { error: string }).error, message);
  });

test('GET /calls shows every call without secrets, DELETE removes them', async (t) => {
  const { simulator, validate } = await startTenant(t);
  const challenge = simulator.mint({ subject: 'CN=device-1' });
  const certificateRequest = await csr({ challenge });
  await validate(certificateRequest);
  const calls = (await control(simulator, 'GET', '/calls')).json as RecordedCall[];
  assert.deepEqual(
    calls.map(({ hop, code, status }) => [hop, code, status]),
    [
      ['token', 'OK', 200],
      ['discovery', 'OK', 200],
      ['token', 'OK', 200],
      ['validateRequest', 'Success', 200],
    ],
  );
  const text = JSON.stringify(calls);
  assert.ok(!text.includes(simulator.tenant.clientSecret), 'the secret is not shown');
  assert.ok(!text.includes('eyJ'), 'no token is shown');
  const { body, clientRequestId, at } = calls.at(-1)!;
  assert.deepEqual(body, { request: { transactionId: 'AB12', certificateRequest, callerInfo: 'test' } });
  assert.match(clientRequestId, /^[0-9a-f-]{36}$/);
  assert.ok(!Number.isNaN(Date.parse(at)));
  assert.equal((await control(simulator, 'DELETE', '/calls')).status, 204);
  assert.deepEqual((await control(simulator, 'GET', '/calls')).json, []);
});

test('a secret in a body that is not a form is not recorded', async (t) => {
  const { simulator, send } = await startTenant(t);
  const { cloud, tenant, clientSecret } = simulator.tenant;
  const body = JSON.stringify({ client_secret: clientSecret });
  const url = `${cloud.login}/${tenant}/oauth2/v2.0/token`;
  assert.equal((await send('POST', url, { 'content-type': 'application/json' }, body)).status, 400);
  assert.ok(!JSON.stringify(simulator.calls()).includes(clientSecret));
});

test('faults are set, listed and cleared', async (t) => {
  const { simulator, askToken } = await startTenant(t);
  const fault = { hop: 'token', fault: { status: 503, retryAfter: 1 }, count: 2 };
  assert.deepEqual(await control(simulator, 'POST', '/faults', fault), { status: 200, json: [fault] });
  assert.equal((await askToken()).status, 503);
  assert.deepEqual((await control(simulator, 'GET', '/faults')).json, [{ ...fault, count: 1 }]);
  assert.equal((await control(simulator, 'DELETE', '/faults')).status, 204);
  assert.equal((await askToken()).status, 200);
  const { status, json } = await control(simulator, 'POST', '/faults', { hop: 'token', fault: 'rain' });
  assert.equal(status, 400);
  assert.match((json as { error: string }).error, /Accepted: html/);
});

test('a Host that is not loopback is refused', async (t) => {
  const { simulator } = await startTenant(t);
  for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:80'])
    assert.equal((await control(simulator, 'GET', '/calls', undefined, { host })).status, 403, host);
  for (const host of ['localhost', '127.0.0.1:1234'])
    assert.equal((await control(simulator, 'GET', '/calls', undefined, { host })).status, 200, host);
});

test('a form from a page of another origin is refused', async (t) => {
  const { simulator } = await startTenant(t);
  const headers = { 'content-type': 'text/plain' };
  const { status } = await control(simulator, 'POST', '/challenges', '{"subject":"CN=x"}', headers);
  assert.equal(status, 415);
});

test('an unknown path is answered with the paths of the API', async (t) => {
  const { simulator } = await startTenant(t);
  const { status, json } = await control(simulator, 'GET', '/challenge');
  assert.equal(status, 404);
  assert.match((json as { error: string }).error, /POST \/challenges/);
});

test('the page says that the tenant is simulated, and may run only its own script', async (t) => {
  const { simulator } = await startTenant(t, { tenant: 'a<b>&"c' });
  const response = await request(`${simulator.control}/`);
  const html = await response.body.text();
  assert.match(html, /This tenant is simulated/);
  assert.match(html, /a&lt;b&gt;&amp;&quot;c/);
  assert.doesNotMatch(html, /https?:\/\/(?!evil\.example)/, 'nothing is loaded from elsewhere');
  const script = /<script>(.*)<\/script>/s.exec(html)![1]!;
  const hash = createHash('sha256').update(script).digest('base64');
  assert.match(String(response.headers['content-security-policy']), /default-src 'none'/);
  assert.ok(String(response.headers['content-security-policy']).includes(`script-src 'sha256-${hash}'`));
  assert.doesNotThrow(() => new Script(script), 'the syntax of the script is right');
});
