/** The login at a provider over real sockets: an administrator's listener, a provider, and a browser with cookies. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { ClientAuth } from 'openid-client';
import { Provider } from 'oidc-provider';
import { bySecret } from '../../src/access/oidc-credential.ts';
import { CALLBACK, oidcLogin } from '../../src/access/oidc-login.ts';
import { adminServer } from '../../src/admin/admin-server.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { accessUnderTest } from './access-under-test.ts';

export const CLIENT = 'openndes-under-test';
export const SECRET = 'a-secret-of-the-provider-and-the-app';
export const TENANT = '11111111-2222-3333-4444-555555555555';
const GRANTS = new Map<string, RoleGrant>([
  ['Openndes.Admin', { role: 'admin' }],
  ['Openndes.Routers', { role: 'operator', endpoints: ['/scep/routers'] }],
]);

/** A test, or whatever ends later. */
export type Ending = { after: (end: () => void) => void };

/** A server on a free port of loopback, which ends with the test. `handle` is asked at each request. */
export async function listening(t: Ending, handle: () => RequestListener): Promise<string> {
  const server = createServer((request, response) => handle()(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Different = { issuer: string; tenant?: string; auth?: ClientAuth; claim?: string };

/** An administrator's listener whose people log in at this provider. */
export async function administered(
  t: TestContext,
  { issuer, tenant, auth = bySecret(SECRET), claim = 'roles' }: Different,
) {
  let app: Awaited<ReturnType<typeof adminServer>> | undefined;
  const publicUrl = await listening(t, () => (request, response) => app?.server.emit('request', request, response));
  const clock = () => new Date();
  const login = oidcLogin({
    issuer,
    auth,
    publicUrl,
    clock,
    claim,
    clientId: CLIENT,
    scope: 'openid profile',
    roles: new Set(GRANTS.keys()),
    ...(tenant !== undefined && { tenant }),
  });
  const under = await accessUnderTest(t, { transport: 'loopback', oidc: { login, grants: GRANTS }, clock });
  app = await adminServer({ pages: [], access: under.access, clock, emit: under.log.emit });
  await app.ready();
  t.after(() => app?.close());
  const history = async () =>
    (await under.store.listAudit({}))
      .toReversed()
      .map(({ event, actor, detail }) => `${event} ${actor.name}: ${detail}`);
  return { ...under, publicUrl, history };
}

/** `account`: the claims of whoever logs in. `client`: what is different about the client. */
export async function provider(t: Ending, publicUrl: () => string, account: object, client: object = {}) {
  let handle: RequestListener = (_request, response) => void response.end();
  const issuer = await listening(t, () => handle);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const made = (): Provider =>
    new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT,
          client_secret: SECRET,
          token_endpoint_auth_method: 'client_secret_post',
          redirect_uris: [publicUrl() + CALLBACK],
          post_logout_redirect_uris: [`${publicUrl()}/admin/login`],
          ...client,
        },
      ],
      jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
      cookies: { keys: ['of the test'] },
      conformIdTokenClaims: false,
      claims: { openid: ['sub', 'roles', 'tid', 'oid', 'realm_access'], profile: ['preferred_username'] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      findAccount: (_context: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub, ...account }) }),
      async loadExistingGrant({ oidc }: { oidc: { provider: Provider; account: { accountId: string } } }) {
        const grant = new oidc.provider.Grant({ clientId: CLIENT, accountId: oidc.account.accountId });
        grant.addOIDCScope('openid profile');
        await grant.save();
        return grant;
      },
    });
  let running: Provider | undefined;
  handle = (request, response) => {
    running ??= made();
    const isLogin = request.url?.startsWith('/interaction/');
    if (isLogin) void running.interactionFinished(request, response, { login: { accountId: 'ada' } });
    else void running.callback()(request, response);
  };
  return issuer;
}

/** A browser: it follows redirects, and keeps the cookies of each origin. `stop`: where it does not go on. */
export function browser() {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: string): Map<string, string> => {
    const { host } = new URL(url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };
  const cookies = (url: string): string => [...jarOf(url)].map(([name, value]) => `${name}=${value}`).join('; ');

  async function once(url: string): Promise<Response> {
    const response = await fetch(url, { redirect: 'manual', headers: { cookie: cookies(url) } });
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(/; */);
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const isGone = value === '' || attributes.some((each) => /^max-age=0$|^expires=thu, 01 jan 1970/i.test(each));
      if (isGone) jarOf(url).delete(name);
      else jarOf(url).set(name, value);
    }
    return response;
  }

  async function go(from: string, stop?: (url: string) => boolean): Promise<{ url: string; response?: Response }> {
    let url = from;
    for (let step = 0; step < 12; step++) {
      if (stop?.(url)) return { url };
      const response = await once(url);
      const location = response.headers.get('location');
      if (location === null) return { url, response };
      url = new URL(location, url).href;
    }
    return assert.fail(`too many redirects, at ${url}`);
  }
  return { go, cookies, jarOf };
}
