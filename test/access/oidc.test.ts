/** Login at a provider, `oidc-provider`: who gets in, with which role, and that nobody else does. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import Fastify from 'fastify';
import { adminPages } from '../../src/admin/pages/pages-plugin.ts';
import { TOKEN_FIELD } from '../../src/admin/pages/form-parts.ts';
import { pageAssetTexts } from '../../src/app/page-asset-files.ts';
import { byCertificate, bySecret } from '../../src/access/oidc-credential.ts';
import { CALLBACK } from '../../src/access/oidc-login.ts';
import { selfSigned } from '../../src/client/request-message.ts';
import { generateKey, privateKeyPem } from '../../src/keys/software.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { clock, random } from '../kit/pki.ts';
import { administered, browser, provider, TENANT } from './oidc-under-test.ts';

const ADA = {
  preferred_username: 'ada@example.com',
  oid: 'oid-of-ada',
  tid: TENANT,
  roles: ['Openndes.Admin', 'Other'],
};

/** A listener and its provider; `account` logs in there without being asked. */
async function underTest(
  t: TestContext,
  account: object = ADA,
  { client = {}, ...different }: Partial<Parameters<typeof administered>[1]> & { client?: object } = {},
) {
  let publicUrl = '';
  const issuer = await provider(t, () => publicUrl, account, client);
  const under = await administered(t, { issuer, tenant: TENANT, ...different });
  publicUrl = under.publicUrl;
  const { go, cookies, jarOf } = browser();
  const begin = `${publicUrl}/admin/login/oidc`;
  const isCallback = (url: string): boolean => url.startsWith(`${publicUrl}${CALLBACK}`);
  const who = async (cookie = cookies(publicUrl)) =>
    (await fetch(`${publicUrl}/api/session`, { headers: { cookie } })).json() as Promise<Record<string, unknown>>;
  /** What the browser is told after it was sent back. */
  const told = async (url: string): Promise<string> => {
    const { response } = await go(url);
    assert.equal(response?.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(response?.status, 403);
    return response.text();
  };
  return { ...under, issuer, begin, isCallback, who, told, go, cookies, jarOf };
}

test('a person with a role at the provider logs in, has it here, and logs out there too', async (t) => {
  const { go, begin, who, publicUrl, cookies, access, history, issuer } = await underTest(t);
  assert.equal((await go(begin)).url, `${publicUrl}/admin/`);
  assert.deepEqual(await who(), {
    kind: 'person',
    name: 'ada@example.com (oidc oid-of-ada)',
    grants: [{ role: 'admin' }],
  });
  const out = await access.logout({ address: '127.0.0.1', cookie: cookies(publicUrl) });
  const url = new URL(out.url ?? assert.fail('no URL'));
  assert.equal(url.origin, issuer);
  assert.equal(url.searchParams.get('post_logout_redirect_uri'), `${publicUrl}/admin/login`);
  assert.equal((await who())['error'], 'anonymous');
  assert.deepEqual(await history(), [
    'logged-in ada@example.com (oidc oid-of-ada): oidc',
    'logged-out ada@example.com (oidc oid-of-ada): oidc',
  ]);
});

test('a name that a person chose at the provider has nobody else in it', async (t) => {
  const { go, begin, who } = await underTest(t, { ...ADA, preferred_username: 'bob (oidc oid-of-bob)' });
  await go(begin);
  assert.equal((await who())['name'], 'bob [oidc oid-of-bob] (oidc oid-of-ada)');
});

test('each role of the provider is what the configuration says; a claim may lie within objects', async (t) => {
  const both = await underTest(t, { ...ADA, roles: ['Openndes.Routers'] });
  await both.go(both.begin);
  assert.deepEqual((await both.who())['grants'], [{ role: 'operator', endpoints: ['/scep/routers'] }]);
  const nested = await underTest(
    t,
    { ...ADA, roles: [], realm_access: { roles: 'Openndes.Admin' } },
    { claim: 'realm_access.roles' },
  );
  await nested.go(nested.begin);
  assert.deepEqual((await nested.who())['grants'], [{ role: 'admin' }]);
});

test('without a role that is configured nobody logs in, and is told which there are', async (t) => {
  const { told, begin, who, history } = await underTest(t, {
    ...ADA,
    roles: ['openndes.admin', 'Global Administrator'],
  });
  const text = await told(begin);
  assert.match(
    text,
    /ada@example\.com \(oidc oid-of-ada\) has none of the roles Openndes\.Admin, Openndes\.Routers in the claim `roles`/,
  );
  assert.match(text, /Enterprise applications/);
  assert.equal((await who())['error'], 'anonymous');
  assert.match((await history()).join(), /^login-failed no known user: ada@example\.com .*none of the roles/);
});

test('an account of another tenant does not log in, nor one without a tenant', async (t) => {
  for (const tid of ['99999999-2222-3333-4444-555555555555', undefined]) {
    const { told, begin, who } = await underTest(t, { ...ADA, tid });
    assert.match(await told(begin), /another tenant/);
    assert.equal((await who())['error'], 'anonymous');
  }
});

test('an answer with another state, for another browser, or from long ago is refused', async (t) => {
  const { go, begin, isCallback, told, who, publicUrl, jarOf } = await underTest(t);
  const back = await go(begin, isCallback);
  const other = new URL(back.url);
  other.searchParams.set('state', 'A'.repeat(43));
  assert.match(await told(other.href), /is not accepted: .*state/);
  assert.match(await told(back.url), /does not belong to a login that this browser began/);
  await go(begin, isCallback);
  const jar = jarOf(publicUrl);
  const secret = jar.get('openndes-login')!;
  jar.set('openndes-login', `${Date.now() - 601_000}${secret.slice(13)}`);
  assert.match(await told(back.url), /last ten minutes/);
  assert.equal((await who())['error'], 'anonymous');
});

test('a code is good once, also for the browser that it was made for', async (t) => {
  const { go, begin, isCallback, cookies, publicUrl, who } = await underTest(t);
  const back = await go(begin, isCallback);
  const cookie = cookies(publicUrl);
  await go(back.url);
  assert.equal((await who())['kind'], 'person');
  const replayed = await fetch(back.url, { redirect: 'manual', headers: { cookie } });
  assert.equal(replayed.status, 403);
  assert.match(await replayed.text(), /invalid_grant.*\n*.*used before/);
  assert.deepEqual(
    replayed.headers.getSetCookie().filter((line) => line.startsWith('openndes=')),
    [],
  );
});

test('the browser goes to the pages after a login, whatever it was asked for', async (t) => {
  const { go, begin, publicUrl, isCallback } = await underTest(t);
  const evil = '?next=https://evil.example&redirect_uri=https://evil.example&returnTo=//evil.example';
  const back = await go(begin + evil, isCallback);
  assert.ok(isCallback(back.url));
  assert.equal((await go(`${back.url}&next=https://evil.example`)).url, `${publicUrl}/admin/`);
});

test('the URL of the request, which a client chooses, is not where the provider sends the browser', async (t) => {
  const { begin, publicUrl } = await underTest(t);
  const headers = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
  const response = await fetch(begin, { redirect: 'manual', headers });
  const { searchParams } = new URL(response.headers.get('location')!);
  assert.equal(searchParams.get('redirect_uri'), publicUrl + CALLBACK);
  assert.equal(searchParams.get('code_challenge_method'), 'S256');
  assert.match(response.headers.get('set-cookie')!, /; HttpOnly; SameSite=Lax; Max-Age=600$/);
});

test('what the provider refuses is said in its words, with what to do, as plain text', async (t) => {
  const { told, publicUrl, go, begin, isCallback } = await underTest(t);
  const { searchParams } = new URL((await go(begin, isCallback)).url);
  const query = new URLSearchParams({
    error: 'access_denied',
    error_description: '<script>alert(1)</script>',
    state: searchParams.get('state')!,
    iss: searchParams.get('iss')!,
  });
  const text = await told(`${publicUrl}${CALLBACK}?${query.toString()}`);
  assert.match(text, /answered access_denied: <script>alert\(1\)<\/script>\.\n\nLog in with another account/);
});

test('a wrong secret of the app, and a provider that cannot be reached, are said', async (t) => {
  const wrong = await underTest(t, ADA, { auth: bySecret('another-secret') });
  const text = await wrong.told(wrong.begin);
  assert.match(text, /answered invalid_client.*\n\nThe credential of the app is wrong or has ended/);
  assert.ok(!text.includes('another-secret') && !wrong.log.lines.join().includes('another-secret'));
  const nowhere = await underTest(t, ADA, { issuer: 'http://127.0.0.1:1' });
  assert.match(
    await nowhere.told(nowhere.begin),
    /http:\/\/127\.0\.0\.1:1 could not be asked: .*\n\nCheck `admin\.oidc\.issuer`/,
  );
});

for (const kind of ['rsa-2048', 'p256'] as const)
  test(`the app proves who it is by a certificate: ${kind}`, async (t) => {
    const key = generateKey(kind);
    const certificate = certificatePem(await selfSigned(key, nameFromText('CN=app'), clock, random));
    const { jwk, alg } = publicJwk(kind, privateKeyPem(key.privateKey));
    const { go, begin, who } = await underTest(t, ADA, {
      auth: byCertificate({ certificate, key: privateKeyPem(key.privateKey) }),
      client: {
        client_secret: undefined,
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: alg,
        jwks: { keys: [{ ...jwk, use: 'sig' }] },
      },
    });
    await go(begin);
    assert.equal((await who())['kind'], 'person');
  });

const publicJwk = (kind: 'rsa-2048' | 'p256', pem: string) => {
  const jwk = createPublicKey(pem).export({ format: 'jwk' });
  return { jwk, alg: kind === 'p256' ? 'ES256' : 'RS256' };
};

test('the login page leads to the provider, and the logout page out of it', async (t) => {
  const { access, go, begin, publicUrl, cookies, store, log, issuer } = await underTest(t);
  const app = Fastify();
  t.after(() => app.close());
  const providers = [{ name: access.oidc!.provider, path: '/admin/login/oidc' }];
  await app.register(adminPages, {
    desk: { store, clock },
    access,
    providers,
    assets: pageAssetTexts(),
    emit: log.emit,
  });
  const login = await app.inject('/admin/login');
  const { host } = new URL(issuer);
  assert.match(login.body, new RegExp(`href="/admin/login/oidc">[^<]*${host}<`));
  await go(begin);
  const cookie = cookies(publicUrl);
  const { formToken } = (await access.sessionOf({ address: '127.0.0.1', cookie }))!;
  const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded' };
  const payload = new URLSearchParams({ [TOKEN_FIELD]: formToken }).toString();
  const out = await app.inject({ method: 'POST', url: '/admin/logout', headers, payload });
  assert.equal(out.statusCode, 200);
  assert.match(out.body, new RegExp(`href="${issuer}/session/end\\?`));
});
