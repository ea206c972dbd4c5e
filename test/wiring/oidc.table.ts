/** `admin.oidc`: people who log in at a provider. Each place is a server of its own, with one thing different. */
import { createPublicKey } from 'node:crypto';
import { browser, CLIENT, provider, SECRET, TENANT } from '../access/oidc-under-test.ts';
import { freePort } from '../kit/ports.ts';
import { atEnd, file } from './files.ts';
import { personalCertificate, whoIs } from './operators.ts';
import type { Row } from './row.ts';
import { configured, started } from './server.ts';

const APP = await personalCertificate('app at the provider', 'CN=app');
const byCertificate = {
  clientSecret: undefined,
  clientCertificate: file('app.pem', APP.cert),
  clientKey: file('app.key.pem', APP.key),
};
const CERTIFIED = {
  client_secret: undefined,
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: 'ES256',
  jwks: { keys: [{ ...createPublicKey(APP.key).export({ format: 'jwk' }), use: 'sig' }] },
};
const limits = { endpoints: ['/plain'], authorities: ['issuing'], tenants: [] };
const limited = { roles: { 'Openndes.Admin': { role: 'operator', ...limits } } };

const PLACES: Readonly<Record<string, { oidc?: object; client?: object }>> = {
  usual: {},
  limited: { oidc: limited },
  'of another tenant': { oidc: { tenant: '99999999-2222-3333-4444-555555555555' } },
  'by another claim': { oidc: { claim: 'realm_access.roles', roles: { Nested: 'viewer' } } },
  'with a wrong secret': { oidc: { clientSecret: 'another-secret' } },
  'with a wrong id of the app': { oidc: { clientId: 'another' } },
  'by a certificate': { oidc: byCertificate, client: CERTIFIED },
  'of a provider that is not there': { oidc: { issuer: 'http://127.0.0.1:1' } },
};

const account = { tid: TENANT, roles: ['Openndes.Admin'], realm_access: { roles: ['Nested'] } };
const withinFile = { after: (end: () => void) => atEnd(async () => end()) };

/** What the provider is asked for, the status at the end of the way, and what the browser may do then. */
async function login(place: string): Promise<unknown[]> {
  const { oidc, client } = PLACES[place]!;
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const issuer = await provider(withinFile, () => publicUrl, account, client);
  const usual = {
    issuer,
    clientId: CLIENT,
    clientSecret: SECRET,
    tenant: TENANT,
    roles: { 'Openndes.Admin': 'admin' },
  };
  const section = Object.fromEntries(Object.entries({ ...usual, ...oidc }).filter(([, value]) => value !== undefined));
  await started(configured({ admin: { port, publicUrl, oidc: section } }));
  const { go, cookies } = browser();
  const first = await fetch(`${publicUrl}/admin/login/oidc`, { redirect: 'manual' });
  const asked = first.headers.get('location');
  const { response } = await go(`${publicUrl}/admin/login/oidc`, (url) => url === `${publicUrl}/admin/`);
  const status = response?.status ?? 'logged in';
  return [
    asked && new URL(asked).searchParams.get('scope'),
    status,
    await whoIs(publicUrl, { cookie: cookies(publicUrl) }),
  ];
}

export const OIDC: readonly Row[] = [
  {
    keys: [
      'admin.oidc',
      'admin.oidc.issuer',
      'admin.oidc.clientId',
      'admin.oidc.clientSecret',
      'admin.oidc.clientCertificate',
      'admin.oidc.clientKey',
      'admin.oidc.tenant',
      'admin.oidc.scope',
      'admin.oidc.claim',
      'admin.oidc.roles',
      'admin.oidc.roles.NAME.role',
      'admin.oidc.roles.NAME.endpoints',
      'admin.oidc.roles.NAME.authorities',
      'admin.oidc.roles.NAME.tenants',
    ],
    question: 'the scope that the provider is asked for, the end of the login, and what the person may do',
    ask: login,
    answers: {
      usual: ['openid profile', 'logged in', [{ role: 'admin' }]],
      limited: ['openid profile', 'logged in', [{ role: 'operator', ...limits }]],
      'of another tenant': ['openid profile', 403, 401],
      'by another claim': ['openid profile', 'logged in', [{ role: 'viewer' }]],
      'with a wrong secret': ['openid profile', 403, 401],
      'with a wrong id of the app': ['openid profile', 400, 401],
      'by a certificate': ['openid profile', 'logged in', [{ role: 'admin' }]],
      'of a provider that is not there': [null, 403, 401],
    },
  },
];
