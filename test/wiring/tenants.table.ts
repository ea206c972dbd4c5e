/** `tenants`: the simulated tenant is reached with every value right, and with one of them wrong it is not. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type AddressInfo, connect } from 'node:net';
import { startServer } from '../../src/app/configured-server.ts';
import { systemClock } from '../../src/embed/system.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor, issuanceFor } from '../../src/testing/store-samples.ts';
import { atEnd, file, FOLDER, keyedFiles, ra, retired } from './files.ts';
import type { Row } from './row.ts';
import { configured, shared } from './server.ts';
import { tenantNamed } from './tenant.ts';

/** Where tunnels went that brought the user and the password; others are refused. */
const tunnels = new Set<string>();
const proxy = createServer();
proxy.on('connect', (request, socket) => {
  const right = `Basic ${Buffer.from('user:pass word').toString('base64')}`;
  if (request.headers['proxy-authorization'] !== right) {
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    return;
  }
  tunnels.add(request.url!);
  const [host, port] = request.url!.split(':');
  const target = connect(Number(port), host, () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    target.pipe(socket).pipe(target);
  });
  for (const end of [socket, target]) end.on('error', () => void [socket, target].map((each) => each.destroy()));
});

async function tenants(): Promise<Record<string, object>> {
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  atEnd(async () => void proxy.close());
  const { section: right } = await tenantNamed('usual');
  const { trustCa: _trusted, ...untrusted } = right;
  const unknown = '00000000-0000-0000-0000-000000000000';
  const cloud = (different: object) => ({ ...right, cloud: { ...right.cloud, ...different } });
  return {
    right,
    tenant: { ...right, tenant: unknown },
    clientId: { ...right, clientId: unknown },
    clientSecret: { ...right, clientSecret: 'another secret' },
    login: cloud({ login: `${right.cloud.login}/elsewhere` }),
    graph: cloud({ graph: `${right.cloud.graph}/elsewhere` }),
    intune: cloud({ intune: `${right.cloud.intune}/elsewhere` }),
    trustCa: untrusted,
    proxy: { ...right, proxy: proxyUrl('user:pass%20word@') },
    noPassword: { ...right, proxy: proxyUrl('') },
    expires: { ...right, expires: '2099-01-31' },
    ...(await secretless()),
  };
}

const proxyUrl = (user: string): string => `http://${user}127.0.0.1:${(proxy.address() as AddressInfo).port}`;

const ISSUER = 'https://kubernetes.example';
const SUBJECT = 'system:serviceaccount:scep:openndes';

/** A tenant of its own that has no secret, with each credential right and wrong. */
async function secretless(): Promise<Record<string, object>> {
  const { simulator, section: usual } = await tenantNamed('usual');
  const { app, identity } = simulator;
  const { clientSecret: _secret, ...section } = usual;
  const { clientId: _client, ...machine } = section;
  app.addFederated({ issuer: ISSUER, subject: SUBJECT });
  const assertion = (name: string, claims: object = {}) => ({
    file: file(name, app.assertion({ issuer: ISSUER, subject: SUBJECT, ...claims })),
  });
  const right = keyedFiles('app', ra, 'a passphrase');
  app.addCertificate({ pem: readFileSync(right.certificate, 'utf8') });
  const { certificate, key } = right;
  const other = keyedFiles('other-app', retired);
  const passphrase = 'a passphrase';
  const { endpoint, header } = identity.appService;
  const managed = (more: object, proxied = {}) => ({ ...machine, ...proxied, managedIdentity: more });
  return {
    federated: { ...section, federated: assertion('assertion.jwt') },
    otherAudience: { ...section, federated: assertion('other.jwt', { audience: 'api://AzureADTokenExchangeUSGov' }) },
    certificate: { ...section, certificate: { file: certificate, key, passphrase } },
    otherCertificate: { ...section, certificate: { file: other.certificate, key: other.key } },
    otherKey: { ...section, certificate: { file: certificate, key: other.key } },
    noPassphrase: { ...section, certificate: { file: certificate, key } },
    imds: managed({ from: 'imds', endpoint: identity.imds.endpoint }),
    imdsBesideProxy: managed(
      { from: 'imds', endpoint: identity.imds.endpoint },
      { proxy: proxyUrl('user:pass%20word@') },
    ),
    otherEndpoint: managed({ from: 'imds', endpoint: `${identity.imds.endpoint}/elsewhere` }),
    otherIdentity: { ...managed({ from: 'imds', endpoint: identity.imds.endpoint }), clientId: section.clientId },
    appService: managed({ from: 'app-service', endpoint, header }),
    otherHeader: managed({ from: 'app-service', endpoint, header: 'another' }),
    otherPlatform: managed({ from: 'arc', endpoint }),
    arc: managed({ from: 'arc', endpoint: identity.arc.endpoint, challenges: join(FOLDER, 'arc-usual') }),
    otherFolder: managed({ from: 'arc', endpoint: identity.arc.endpoint, challenges: FOLDER }),
  };
}

const server = shared(async () => {
  const all = await tenants();
  const endpoints = Object.keys(all).map((intune) => ({
    path: `/${intune}`,
    policy: { intune, onUnreachable: 'fail' },
  }));
  return { tenants: all, endpoints };
});

const REVOCATION = ['off', 'on', 'sole'];
const asking = shared(async () => {
  const all: Record<string, object> = {};
  for (const revocation of REVOCATION) {
    const { simulator, section } = await tenantNamed(`revocation ${revocation}`);
    simulator.revocations.add({ requests: [{ serialNumber: '0a', issuerName: 'CN=Other CA' }] });
    all[`tenant-${revocation}`] = { ...section, revocation };
  }
  return { tenants: all };
});

/** How often the tenant gave the request for the certificate of another issuer, and what it was told. */
async function told(revocation: string): Promise<unknown[]> {
  await asking();
  const queued = async (name: string) => (await tenantNamed(`revocation ${name}`)).simulator.revocations.list()[0]!;
  // One after the other: when the last one has an answer, the others are done.
  for (let waits = 0; waits < 500 && (await queued('sole')).results.length === 0; waits++) await pause(10);
  const { downloads, results } = await queued(revocation);
  return [downloads, ...results.map(({ errorCode }) => errorCode)];
}

async function status(name: string): Promise<string> {
  const tenant = await tenantNamed('usual');
  return (await tenant.enrolled((await server()).url(`/${name}`))).status;
}

/** What becomes of a device of the tenant when this value of the section is another one. */
const another = (key: string, place: string): Row => ({
  keys: [key],
  question: 'what a device of the tenant gets when it is right, and when it is another',
  ask: status,
  answers: { right: 'issued', [place]: 'failInfo 2' },
});

/** What a device of the tenant gets with these credentials, each by its name. */
const credentials = (keys: readonly string[], answers: Row['answers']): Row => ({
  keys: keys.map((key) => `tenants.NAME.${key}`),
  question: 'what a device of the tenant gets with this credential, and with a wrong one',
  ask: status,
  answers,
});
const REFUSED = 'failInfo 2';

const DIRECTORIES: Readonly<Record<string, object>> = {
  free: { directory: { every: 0, limit: 100 } },
  bounded: { directory: { every: 0, limit: 0 } },
  hourly: { directory: { every: '1h', limit: 100 } },
  off: {},
};

/** What becomes, within two seconds, of a certificate whose user is disabled. */
async function ofDisabledUser(place: string): Promise<string> {
  const { simulator, section } = await tenantNamed('directory');
  simulator.app.setRoles({ graph: ['DeviceManagementManagedDevices.Read.All', 'User.Read.All', 'Device.Read.All'] });
  if (simulator.directory.users.objects().length === 0)
    simulator.directory.addUsers({ users: [{ userPrincipalName: 'ada@contoso.example', accountEnabled: false }] });
  const endpoints = [{ path: '/scep', name: 'scep', policy: { intune: 'corp' } }];
  const config = configured({ tenants: { corp: { ...section, ...DIRECTORIES[place] } }, endpoints });
  const store = await openSqliteStore({ path: join(dirname(config), 'store.db'), clock: systemClock });
  atEnd(() => store.close());
  const { certificate } = issuanceFor(1);
  const valid = { ...certificate, endpoint: 'scep', notAfter: new Date(systemClock().getTime() + 86_400_000) };
  const names = [{ kind: 'upn', value: 'ada@contoso.example' }] as const;
  await store.importCertificate({ certificate: valid, names, audit: auditFor(1, 'imported') });
  const server = await startServer(config, { logLevel: 'silent', workers: 1, watchEvery: 20 });
  atEnd(() => server.close());
  for (let tries = 0; tries < 40; tries++) {
    await pause(50);
    if ((await store.countCertificates({ state: 'revoked' })) > 0) return 'revoked';
    if ((await store.directoryStanding('corp')).waiting > 0) return 'waits';
  }
  return 'nothing';
}

export const TENANTS: readonly Row[] = [
  {
    keys: ['tenants.NAME.directory', 'tenants.NAME.directory.every', 'tenants.NAME.directory.limit'],
    question: 'what becomes within two seconds of a certificate whose user is disabled',
    ask: ofDisabledUser,
    answers: { free: 'revoked', bounded: 'waits', hourly: 'nothing', off: 'nothing' },
  },
  credentials(['federated', 'federated.file'], { federated: 'issued', otherAudience: REFUSED }),
  credentials(['certificate', 'certificate.file', 'certificate.key', 'certificate.passphrase'], {
    certificate: 'issued',
    otherCertificate: REFUSED,
    otherKey: REFUSED,
    noPassphrase: REFUSED,
  }),
  credentials(['managedIdentity', 'managedIdentity.from', 'managedIdentity.endpoint', 'managedIdentity.header'], {
    imds: 'issued',
    otherEndpoint: REFUSED,
    otherIdentity: REFUSED,
    appService: 'issued',
    otherHeader: REFUSED,
    otherPlatform: REFUSED,
  }),
  credentials(['managedIdentity.challenges'], { arc: 'issued', otherFolder: REFUSED }),
  {
    keys: ['tenants.NAME.expires'],
    question: 'what a device of the tenant gets; test/app/credential-ends.test.ts shows the warning',
    ask: status,
    answers: { expires: 'issued' },
  },
  another('tenants.NAME.tenant', 'tenant'),
  another('tenants.NAME.clientId', 'clientId'),
  another('tenants.NAME.clientSecret', 'clientSecret'),
  another('tenants.NAME.cloud.login', 'login'),
  another('tenants.NAME.cloud.graph', 'graph'),
  another('tenants.NAME.cloud.intune', 'intune'),
  another('tenants.NAME.trustCa', 'trustCa'),
  {
    keys: ['tenants.NAME.cloud'],
    question: 'what a device of the tenant gets whose cloud is written out',
    ask: status,
    answers: { right: 'issued' },
  },
  {
    keys: ['tenants.NAME.proxy'],
    question:
      'what a device gets through a proxy that wants a password, and that it was asked for no tunnel to a managed identity',
    ask: async (name) => {
      const given = await status(name);
      const { simulator } = await tenantNamed('usual');
      return [given, tunnels.size > 0, tunnels.has(new URL(simulator.identity.imds.endpoint).host)];
    },
    answers: {
      proxy: ['issued', true, false],
      noPassword: ['failInfo 2', true, false],
      imdsBesideProxy: ['issued', true, false],
    },
  },
  {
    keys: ['tenants.NAME.revocation'],
    question: 'how often a request to revoke a certificate of another issuer is fetched, and what the tenant is told',
    ask: told,
    answers: { off: [0], on: [1], sole: [1, 'CertificateNotFoundError'] },
  },
];
