/** Login and logout at the pages, over real sessions in a store. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { AccessOptions } from '../../src/access/access-checks.ts';
import { accessUnderTest, cookieFrom, USERS } from '../access/access-under-test.ts';
import { pagesUnderTest } from './pages-under-test.ts';

async function door(t: TestContext, different: Partial<AccessOptions> = {}) {
  const { access, clock, log } = await accessUnderTest(t, { transport: 'loopback', ...different });
  const { app } = await pagesUnderTest(t, { access, providers: [{ name: 'Entra', path: '/admin/oidc' }] });
  const codeNow = () => USERS.get('ada')!.totp!.generate({ timestamp: clock().getTime() });
  const get = (url: string, cookie = '') => app.inject({ url, headers: { cookie } });
  const post = (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      payload: new URLSearchParams(fields).toString(),
    });
  const login = (fields: Record<string, string> = {}, headers: Record<string, string> = {}) =>
    post('/admin/login', { user: 'ada', password: 'right', code: codeNow(), ...fields }, headers);
  return { get, post, login, log, clock };
}

test('a person signs in with password and code, comes to the page that was asked for, and signs out', async (t) => {
  const { get, post, login } = await door(t);
  const asked = await get('/admin/blocks?x=1');
  assert.equal(asked.headers.location, '/admin/login?next=%2Fadmin%2Fblocks%3Fx%3D1');
  const form = await get(asked.headers.location);
  assert.equal(form.statusCode, 200);
  assert.match(form.body, /name="next" value="\/admin\/blocks\?x&#61;1"/);
  assert.match(form.body, /<a class="button" href="\/admin\/oidc">Sign in with Entra<\/a>/);
  const entered = await login({ next: '/admin/blocks?x=1' });
  assert.deepEqual([entered.statusCode, entered.headers.location], [303, '/admin/blocks?x=1']);
  const cookie = cookieFrom(String(entered.headers['set-cookie']));
  const page = await get('/admin/blocks', cookie);
  assert.match(page.body, /ada <span class="role">admin<\/span>/);
  assert.equal((await get('/admin/login', cookie)).headers.location, '/admin/');

  const [, formToken = ''] = /name="formToken" value="([^"]+)"/.exec(page.body) ?? [];
  const forged = await post('/admin/logout', { formToken: 'guessed' }, { cookie });
  assert.equal(forged.statusCode, 403);
  assert.equal((await get('/admin/', cookie)).statusCode, 200);
  const left = await post('/admin/logout', { formToken }, { cookie });
  assert.deepEqual([left.statusCode, left.headers.location], [303, '/admin/login?out=yes']);
  assert.match(String(left.headers['set-cookie']), /^openndes=; .*Max-Age=0$/);
  assert.match((await get('/admin/login?out=yes')).body, /You are signed out\./);
});

test('a cookie that was stolen is worth nothing after the logout, for pages and for forms', async (t) => {
  const { get, post, login } = await door(t);
  const cookie = cookieFrom(String((await login()).headers['set-cookie']));
  const [, formToken = ''] = /name="formToken" value="([^"]+)"/.exec((await get('/admin/', cookie)).body) ?? [];
  await post('/admin/logout', { formToken }, { cookie });
  assert.equal((await get('/admin/', cookie)).statusCode, 303);
  const form = await post('/admin/blocks/add', { formToken, name: 'device:1' }, { cookie });
  assert.equal(form.statusCode, 401);
});

test('a wrong password, a wrong code and an unknown user look alike, and the password is not in the answer', async (t) => {
  const { login } = await door(t);
  for (const fields of [{ password: 'not-the-right-one' }, { code: '00000000' }, { user: 'eve' }]) {
    const { statusCode, body, headers } = await login(fields);
    assert.deepEqual([statusCode, headers['set-cookie']], [401, undefined]);
    assert.match(body, /The user name, the password or the code is wrong\./);
    assert.doesNotMatch(body, /not-the-right-one/);
  }
});

test('too many wrong passwords of an address are told so', async (t) => {
  const { login } = await door(t);
  for (let n = 0; n < 10; n++) await login({ password: 'wrong' });
  const { statusCode, body } = await login({ password: 'wrong' });
  assert.equal(statusCode, 429);
  assert.match(body, /Too many wrong attempts/);
});

for (const next of [
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  '/certsrv',
  '/admin/../x',
  '/admin/logout',
])
  test(`a login does not lead to ${next}`, async (t) => {
    const { login } = await door(t);
    assert.equal((await login({ next })).headers.location, '/admin/');
  });

test('a login that another site sends is refused', async (t) => {
  const { login } = await door(t);
  const { statusCode, headers } = await login({}, { 'sec-fetch-site': 'cross-site' });
  assert.deepEqual([statusCode, headers['set-cookie']], [403, undefined]);
});

test('without TLS over a network the page says why nobody can sign in, and has no form', async (t) => {
  const { get, login } = await door(t, { transport: 'open' });
  const { statusCode, body } = await get('/admin/login');
  assert.equal(statusCode, 403);
  assert.match(body, /without TLS/);
  assert.doesNotMatch(body, /<form/);
  assert.equal((await login()).statusCode, 403);
});
