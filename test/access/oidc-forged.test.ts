/** ID tokens of a provider that lies: the right one is taken, and each with one thing wrong is refused. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import { administered, browser, CLIENT, listening, TENANT } from './oidc-under-test.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const another = generateKeyPairSync('rsa', { modulusLength: 2048 });

type Token = { header: object; claims: Record<string, unknown>; key?: KeyObject };

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
function written({ header, claims, key }: Token): string {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${key ? sign('sha256', Buffer.from(signed), key).toString('base64url') : ''}`;
}

const now = (): number => Math.floor(Date.now() / 1_000);

/** A provider that logs everybody in at once, and writes the token that `change` makes of the right one. */
async function lyingProvider(t: TestContext, change: (token: Token) => Token): Promise<string> {
  let nonce = '';
  let handle: RequestListener = () => {};
  const issuer = await listening(t, () => handle);
  const answers: Readonly<Record<string, () => object>> = {
    '/.well-known/openid-configuration': () => ({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      id_token_signing_alg_values_supported: ['RS256'],
    }),
    '/jwks': () => ({ keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'RS256' }] }),
    '/token': () => ({ access_token: 'a', token_type: 'bearer', id_token: written(change(rightToken(issuer, nonce))) }),
  };
  handle = (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url!, issuer);
    if (pathname === '/auth') {
      nonce = searchParams.get('nonce')!;
      const query = new URLSearchParams({ code: 'c', state: searchParams.get('state')! });
      response.writeHead(303, { location: `${searchParams.get('redirect_uri')}?${query.toString()}` }).end();
    } else response.setHeader('content-type', 'application/json').end(JSON.stringify(answers[pathname]?.() ?? {}));
  };
  return issuer;
}

const rightToken = (iss: string, nonce: string): Token => ({
  header: { alg: 'RS256', kid: 'k' },
  claims: { iss, nonce, aud: CLIENT, sub: 'ada', tid: TENANT, iat: now(), exp: now() + 300, roles: ['Openndes.Admin'] },
  key: pair.privateKey,
});

const claims =
  (different: Record<string, unknown>) =>
  (token: Token): Token => ({ ...token, claims: { ...token.claims, ...different } });

async function outcome(t: TestContext, change: (token: Token) => Token): Promise<string> {
  const issuer = await lyingProvider(t, change);
  const { publicUrl, history } = await administered(t, { issuer, tenant: TENANT });
  const { response } = await browser().go(`${publicUrl}/admin/login/oidc`);
  const [event = ''] = (await history()).map((line) => line.split(' ')[0]);
  return `${response?.status} ${event}`;
}

for (const [what, change] of [
  ['as it is', (token: Token) => token],
  ['that ended half a minute ago, by a clock that may be ahead', claims({ exp: now() - 30 })],
] as const)
  test(`the right token is taken: ${what}`, async (t) => {
    // There is no page at the end of the way in this test.
    assert.equal(await outcome(t, change), '404 logged-in');
  });

const WRONG: Readonly<Record<string, (token: Token) => Token>> = {
  'of another issuer': claims({ iss: 'https://login.example.com/' }),
  'for another app': claims({ aud: 'another-app' }),
  'for another app too, which it was made for': claims({ aud: [CLIENT, 'another-app'], azp: 'another-app' }),
  'of another login': claims({ nonce: 'another-nonce' }),
  'without a nonce': claims({ nonce: undefined }),
  'of another tenant': claims({ tid: '99999999-2222-3333-4444-555555555555' }),
  'that ended two minutes ago': claims({ exp: now() - 120 }),
  'without an end': claims({ exp: undefined }),
  'signed by another key': (token) => ({ ...token, key: another.privateKey }),
  'without a signature': ({ claims: same }) => ({ header: { alg: 'none' }, claims: same }),
  'with its signature cut off': ({ header, claims: same }) => ({ header, claims: same }),
};

for (const [what, change] of Object.entries(WRONG))
  test(`a token ${what} is refused`, async (t) => {
    assert.equal(await outcome(t, change), '403 login-failed');
  });
