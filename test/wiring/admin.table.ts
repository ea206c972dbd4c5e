/** `admin`: the listener of the administrators. */
import { basic, KNOWN, passwordFor, TOKEN, USERS } from './administrator.ts';
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { hashOfToken, login, loginBy, personalCertificate, tokenOf, user, whoIs } from './operators.ts';
import { credential } from './receiver.ts';
import { freePort } from '../kit/ports.ts';
import { file, issuingSection, secondSection } from './files.ts';
import type { Row } from './row.ts';
import { tenantNamed } from './tenant.ts';
import { configured, type Running, shared, started, statusAt } from './server.ts';

const endpoints = [{ path: '/scep', policy: { oneTime: {} } }];
const administered = (admin: object): string => configured({ admin: { port: 0, ...admin }, endpoints });

const full = shared({ admin: { port: 0, token: TOKEN, users: USERS }, endpoints });
const bare = shared({ admin: { port: 0 }, endpoints });
const SERVERS: Readonly<Record<string, () => Promise<Running>>> = { full, bare };

const behind = (admin: object) => shared({ admin: { port: 0, users: USERS, ...admin }, endpoints });
const BEHIND: Readonly<Record<string, () => Promise<Running>>> = {
  trusted: behind({ trustProxy: ['loopback'] }),
  'not trusted': behind({}),
};

/** One of two addresses behind a proxy, which writes ports too, fails to log in ten times. What each of them gets then. */
async function loginsBehind(place: string): Promise<number[]> {
  const { adminUrl } = await BEHIND[place]!();
  const login = (address: string): Promise<number> =>
    statusAt(`${adminUrl}/scep/mscep_admin/`, { ...basic('ndes', 'wrong'), 'x-forwarded-for': address });
  for (let tries = 0; tries < 10; tries++) await login(`203.0.113.1:${50_000 + tries}`);
  return [await login('203.0.113.1:60000'), await login('203.0.113.2:60000')];
}

/** What an address and a port of the administrators answer where there is no page. */
const nothingAt = (host: string, port: number | string): Promise<number | 'closed'> =>
  statusAt(`http://${host}:${port}/nothing`).catch(() => 'closed' as const);

const token = (name: string, role: string, more: object = {}) => ({
  [name]: { hash: hashOfToken(name), role, ...more },
});
const operators = shared(async () => ({
  tenants: { corp: (await tenantNamed('of operators')).section },
  authorities: { issuing: issuingSection, second: secondSection },
  endpoints: [
    { path: '/scep', authority: 'issuing', policy: { oneTime: {} } },
    { path: '/other', authority: 'second', policy: { oneTime: {} } },
  ],
  admin: {
    port: 0,
    tokens: {
      ...token('operator', 'operator'),
      ...token('viewer', 'viewer'),
      ...token('expired', 'admin', { expires: '2020-01-31' }),
      ...token('unexpired', 'admin', { expires: '2199-01-31T12:00:00Z' }),
      ...token('endpoints', 'admin', { endpoints: ['/scep'] }),
      ...token('authorities', 'operator', { authorities: ['second'] }),
      ...token('tenants', 'operator', { tenants: ['corp'] }),
    },
    users: {
      ada: user('auditor'),
      bob: user('operator', { endpoints: ['/scep'], authorities: ['issuing'], tenants: ['corp'] }),
      ...USERS,
    },
  },
}));

const session = (sections: object) => shared({ admin: { port: 0, users: { ada: user('viewer') }, ...sections } });
const SESSIONS: Readonly<Record<string, () => Promise<Running>>> = {
  usual: session({}),
  'idle for 0': session({ session: { idle: 0 } }),
  'at most 0': session({ session: { longest: 0 } }),
  'behind https': session({ publicUrl: 'https://admin.example.com' }),
};

const tls = { certificate: file('admin.pem', credential.certificate), key: file('admin.key.pem', credential.key) };

/** The scheme of the URL, and whose certificate the server shows. */
async function shownTo(adminUrl: string): Promise<string[]> {
  const { protocol, port } = new URL(adminUrl);
  const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const same =
    socket.getPeerX509Certificate()!.fingerprint256 === new X509Certificate(credential.certificate).fingerprint256;
  socket.destroy();
  return [protocol, same ? 'that of the file' : 'another'];
}

const OWN = await personalCertificate('bob', 'CN=bob,O=Example');
const CLIENTS = {
  'the certificate of bob': OWN,
  'one of another CA with his name': await personalCertificate('another bob', 'CN=bob,O=Example'),
  'no certificate': {},
};
const bob = { password: USERS.ndes, certificate: 'cn=bob, o=Example', role: 'viewer' };
const clientCa = file('client-ca.pem', OWN.cert);
const overTls = shared({ admin: { port: 0, tls: { ...tls, clientCa }, users: { bob } } });

const PERSONS: Readonly<Record<string, () => Promise<Running>>> = {
  two: shared({ admin: { port: 0, twoPersons: true, tokens: token('operator', 'operator') } }),
  one: shared({ admin: { port: 0, tokens: token('operator', 'operator') } }),
};

export const ADMIN: readonly Row[] = [
  {
    keys: ['admin.host'],
    question: 'what answers at 127.0.0.1 and at 127.0.0.2',
    ask: async (host) => {
      const { port } = new URL((await started(administered({ host }))).adminUrl);
      return [await nothingAt('127.0.0.1', port), await nothingAt('127.0.0.2', port)];
    },
    answers: { '127.0.0.1': [404, 'closed'], '127.0.0.2': ['closed', 404] },
  },
  {
    keys: ['admin.port'],
    question: 'what answers at the port of the file',
    ask: async () => {
      const port = await freePort();
      await started(administered({ port }));
      return nothingAt('127.0.0.1', port);
    },
    answers: { 'a free port': 404 },
  },
  {
    keys: ['admin.trustProxy'],
    question: 'what two addresses behind a proxy get after ten wrong passwords of the first',
    ask: loginsBehind,
    answers: { trusted: [429, 401], 'not trusted': [429, 429] },
  },
  {
    keys: ['admin.token'],
    question: 'the HTTP status of the API with the token, and with another',
    ask: async (place) => {
      const { adminUrl } = await SERVERS[place]!();
      return [
        (await passwordFor(adminUrl, '/scep')).status,
        (await passwordFor(adminUrl, '/scep', 'another-token-of-16')).status,
      ];
    },
    answers: { full: [201, 401], bare: [404, 404] },
  },
  {
    keys: ['admin.users'],
    question: 'the HTTP status of the page with the password, and with another',
    ask: async (place) => {
      const page = `${(await SERVERS[place]!()).adminUrl}/scep/mscep_admin/`;
      return [await statusAt(page, KNOWN), await statusAt(page, basic('ndes', 'wrong'))];
    },
    answers: { full: [200, 401], bare: [404, 404] },
  },
  {
    keys: [
      'admin.tokens',
      'admin.tokens.NAME.hash',
      'admin.tokens.NAME.role',
      'admin.tokens.NAME.expires',
      'admin.tokens.NAME.endpoints',
      'admin.tokens.NAME.authorities',
      'admin.tokens.NAME.tenants',
    ],
    question: 'the HTTP status of the API for two endpoints, of two authorities and no tenant',
    ask: async (name) => {
      const { adminUrl } = await operators();
      const statusOf = async (endpoint: string) => (await passwordFor(adminUrl, endpoint, tokenOf(name))).status;
      return [await statusOf('/scep'), await statusOf('/other')];
    },
    answers: {
      operator: [201, 201],
      viewer: [403, 403],
      expired: [401, 401],
      unexpired: [201, 201],
      endpoints: [201, 404],
      authorities: [404, 201],
      tenants: [404, 404],
      'of nobody': [401, 401],
    },
  },
  {
    keys: [
      'admin.users.NAME.password',
      'admin.users.NAME.totp',
      'admin.users.NAME.role',
      'admin.users.NAME.endpoints',
      'admin.users.NAME.authorities',
      'admin.users.NAME.tenants',
    ],
    question: 'the HTTP status of a login with a wrong password, and with a wrong code, and what the right one may do',
    ask: async (name) => {
      const { adminUrl } = await operators();
      const wrong = [await login(adminUrl, name, undefined, 'wrong'), await login(adminUrl, name, '000000')];
      const { cookie } = await login(adminUrl, name);
      return [...wrong.map(({ status }) => status), await whoIs(adminUrl, { cookie })];
    },
    answers: {
      ada: [401, 401, [{ role: 'auditor' }]],
      bob: [401, 401, [{ role: 'operator', endpoints: ['/scep'], authorities: ['issuing'], tenants: ['corp'] }]],
      ndes: [401, 401, 401],
    },
  },
  {
    keys: ['admin.session', 'admin.session.idle', 'admin.session.longest', 'admin.publicUrl'],
    question: 'the name of the cookie, and what it is good for at once',
    ask: async (place) => {
      const { adminUrl } = await SESSIONS[place]!();
      const { cookie } = await login(adminUrl, 'ada');
      return [cookie.split('=')[0], await whoIs(adminUrl, { cookie })];
    },
    answers: {
      usual: ['openndes', [{ role: 'viewer' }]],
      'idle for 0': ['openndes', 401],
      'at most 0': ['openndes', 401],
      'behind https': ['__Host-openndes', [{ role: 'viewer' }]],
    },
  },
  {
    keys: ['admin.tls', 'admin.tls.certificate', 'admin.tls.key', 'admin.tls.clientCa', 'admin.users.NAME.certificate'],
    question: 'the scheme, whose certificate is shown, and the HTTP status of a login with a certificate of the client',
    ask: async (place) => {
      const { adminUrl } = await overTls();
      const own = CLIENTS[place as keyof typeof CLIENTS];
      return [...(await shownTo(adminUrl)), await loginBy(adminUrl, 'bob', own)];
    },
    answers: {
      'the certificate of bob': ['https:', 'that of the file', 204],
      'one of another CA with his name': ['https:', 'that of the file', 401],
      'no certificate': ['https:', 'that of the file', 401],
    },
  },
  {
    keys: ['admin.twoPersons'],
    question: 'the HTTP status of a revocation of 101 certificates, of which there is none',
    ask: async (place) => {
      const { adminUrl } = await PERSONS[place]!();
      const response = await fetch(`${adminUrl}/api/v1/revocations`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokenOf('operator')}`, 'content-type': 'application/json' },
        body: JSON.stringify({ filter: { cn: 'nobody' }, digest: '00'.repeat(32), confirm: 101 }),
      });
      return response.status;
    },
    answers: { two: 202, one: 400 },
  },
];
