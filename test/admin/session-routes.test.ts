/** `/api/session` over HTTP: login, who it is, logout, and every refusal. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { InjectOptions } from 'fastify';
import { parseSecondFactor } from '../../src/access/totp.ts';
import { adminServer } from '../../src/admin/admin-server.ts';
import { accessUnderTest, TOTP_URI } from '../access/access-under-test.ts';

async function underTest(t: TestContext, different: Parameters<typeof accessUnderTest>[1] = {}) {
  const { access, clock, log } = await accessUnderTest(t, different);
  const app = await adminServer({ pages: [], access, clock, emit: log.emit });
  t.after(() => app.close());
  const ask = async (options: InjectOptions) => {
    const response = await app.inject({ url: '/api/session', ...options });
    assert.equal(response.headers['cache-control'], 'no-store');
    return {
      ...response,
      status: response.statusCode,
      cookie: String(response.headers['set-cookie'] ?? '').split(';')[0]!,
    };
  };
  const login = (more: object = {}, headers: Record<string, string> = {}) => {
    const code = parseSecondFactor(TOTP_URI)!.generate({ timestamp: clock().getTime() });
    return ask({ method: 'POST', headers, payload: { user: 'ada', password: 'right', code, ...more } });
  };
  return { ask, login, log };
}

const errorOf = ({ status, body }: { status: number; body: string }) => [
  status,
  (JSON.parse(body) as { error: string }).error,
];

test('a person logs in, is known by the cookie, and after logout by none', async (t) => {
  const { ask, login } = await underTest(t);
  const { status, cookie, body } = await login();
  assert.deepEqual([status, body], [204, '']);
  const known = await ask({ headers: { cookie } });
  assert.deepEqual([known.status, known.json()], [200, { kind: 'person', name: 'ada', grants: [{ role: 'admin' }] }]);
  const out = await ask({ method: 'DELETE', headers: { cookie } });
  assert.deepEqual([out.status, out.cookie], [204, '__Host-openndes=']);
  assert.deepEqual(errorOf(await ask({ headers: { cookie } })), [401, 'anonymous']);
});

test('a program is known by its token', async (t) => {
  const { ask } = await underTest(t);
  const known = await ask({ headers: { authorization: 'Bearer a-long-random-token' } });
  assert.deepEqual(known.json(), { kind: 'program', name: 'inventory', grants: [{ role: 'operator' }] });
  assert.deepEqual(errorOf(await ask({ headers: { authorization: 'Bearer another' } })), [401, 'wrong']);
});

test('wrong logins and malformed ones are refused, and no password is in the log', async (t) => {
  const { ask, login, log } = await underTest(t);
  assert.deepEqual(errorOf(await login({ password: 'hunter2' })), [401, 'wrong']);
  assert.deepEqual(errorOf(await login({ code: 'hunter2' })), [401, 'wrong']);
  for (const wrong of [{ user: {} }, { user: undefined }, { password: 'x'.repeat(2_000) }])
    assert.deepEqual(errorOf(await login(wrong)), [400, 'bad_request'], JSON.stringify(wrong));
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  assert.equal((await ask({ method: 'POST', headers: form, payload: 'user=ada&password=right' })).status, 400);
  for (let tries = 0; tries < 8; tries++) await login({ password: 'hunter2' });
  assert.deepEqual(errorOf(await login({ password: 'hunter2' })), [429, 'busy']);
  assert.ok(!log.lines.join('\n').includes('hunter2'));
});

test('another site can neither log in nor out, nor look', async (t) => {
  const { ask, login } = await underTest(t);
  const { cookie } = await login();
  const foreign = [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }];
  for (const headers of foreign) {
    assert.deepEqual(errorOf(await login({}, headers)), [403, 'cross_site']);
    for (const method of ['GET', 'DELETE'] as const)
      assert.deepEqual(errorOf(await ask({ method, headers: { ...headers, cookie } })), [403, 'cross_site']);
  }
  assert.equal((await ask({ headers: { cookie } })).status, 200);
});

test('without TLS on the way nobody logs in, and the answer says what to do', async (t) => {
  const { login } = await underTest(t, { transport: 'open' });
  const response = await login();
  assert.deepEqual(errorOf(response), [403, 'open']);
  assert.match(response.body, /admin\.publicUrl/);
});
