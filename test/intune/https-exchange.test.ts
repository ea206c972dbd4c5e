/** How Intune is reached: a proxy of its own, refused connections. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import dns from 'node:dns';
import { createServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import tls, { type TlsOptions } from 'node:tls';
import { after, before, mock, test, type TestContext } from 'node:test';
import { createIssuingCa, createRoot } from '../../src/ca/create.ts';
import { IntuneUnreachable } from '../../src/intune/unreachable.ts';
import { httpsExchange } from '../../src/intune/https-exchange.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { type CertificatePlan, writeCertificate } from '../../src/pkix/certificate.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { ecKey } from '../kit/keys.ts';
import { pem } from '../kit/openssl.ts';
import { HOUR, type Keyed, random } from '../kit/pki.ts';
import { freePort } from '../kit/ports.ts';
import { type FakeTenant, fakeTenant, rejection } from './fake-tenant.ts';

const request = { transactionId: 'T', csr: Buffer.from('csr') };
const never = new AbortController().signal;
let tenant: FakeTenant;
before(async () => {
  tenant = await fakeTenant();
});
after(() => tenant.close());

test('everything goes through the proxy, with its credentials', async () => {
  const seen: { target: string | undefined; authorization: string | undefined }[] = [];
  const proxy = createServer();
  proxy.on('connect', (incoming, socket, head) => {
    seen.push({ target: incoming.url, authorization: incoming.headers['proxy-authorization'] });
    const upstream = connect(tenant.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    // When the client closes its connections at the end of the test, both sockets end. That is expected.
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const client = tenant.client({ proxy: `http://user:pass@127.0.0.1:${port}` });
  assert.equal((await client.validateRequest(request, never)).code, 'Success');
  await client.close();
  proxy.close();
  assert.ok(seen.length >= 1);
  for (const { target, authorization } of seen) {
    assert.equal(target, `127.0.0.1:${tenant.port}`);
    assert.equal(authorization, `Basic ${Buffer.from('user:pass').toString('base64')}`);
  }
});

test('a refused connection: the error has host, code and remedy', async () => {
  const port = await freePort();
  const origin = `https://127.0.0.1:${port}`;
  const client = tenant.client({ cloud: { login: origin, graph: origin, intune: origin } });
  const error = await rejection(client.validateRequest(request, never));
  assert.ok(error instanceof IntuneUnreachable);
  assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port} could not be reached: ECONNREFUSED`));
  assert.match(error.remedy, /proxy/);
  assert.equal(error.retryable, true);
});

/** What becomes of one GET. */
async function failureAt(url: string, trustCa?: string, proxy?: string): Promise<IntuneUnreachable> {
  const { exchange, close } = httpsExchange({ trustCa, proxy, callMs: 20_000 });
  const error = await rejection(exchange({ hop: 'token', method: 'GET', url, headers: {}, limit: 1000 }, never));
  await close();
  assert.ok(error instanceof IntuneUnreachable, String(error));
  return error;
}

const clock = () => new Date();
const wanted = (subject: string) => ({
  subject,
  key: ecKey(subject),
  validity: 24 * HOUR,
  backdate: HOUR,
  clock,
  random,
});
const root: Keyed = { key: ecKey('CN=Root'), certificate: await createRoot(wanted('CN=Root')) };
const intermediate: Keyed = {
  key: ecKey('CN=Between'),
  certificate: await createIssuingCa(wanted('CN=Between'), root),
};

/** The certificate of a server on 127.0.0.1, of this issuer or signed by itself. */
function serverCertificate(issuer?: string, different: Partial<CertificatePlan> = {}): Promise<Uint8Array> {
  const own = nameFromText('CN=server');
  const plan = {
    serialNumber: Uint8Array.of(2),
    issuer: issuer === undefined ? own : nameFromText(issuer),
    subject: own,
    notBefore: new Date(Date.now() - HOUR),
    notAfter: new Date(Date.now() + HOUR),
    spki: ecKey('server').spki,
    extensions: [subjectAltName(['ip:127.0.0.1'].map(generalNameFromText))],
    ...different,
  };
  return writeCertificate(plan, ecKey(issuer ?? 'server'));
}

/** The URL of a server that shows these certificates. */
async function servedWith(t: TestContext, chain: readonly Uint8Array[], options: TlsOptions = {}): Promise<string> {
  const key = privateKeyPem(ecKey('server').privateKey);
  const cert = chain.map(pem).join('\n');
  const server = createHttpsServer({ key, cert, ...options }, (_request, response) => response.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const TRUST = 'The certificate of the service is not trusted. If a proxy opens TLS, give its CA as `trustCa`.';
const CLOCK = 'Look at the clock of this machine.';
const MINUTE = 60_000;
const CERTIFICATES: Readonly<Record<string, { chain: () => Promise<Uint8Array[]>; trusted?: true; remedy: string }>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: { chain: async () => [await serverCertificate()], remedy: TRUST },
  SELF_SIGNED_CERT_IN_CHAIN: {
    chain: async () => [await serverCertificate('CN=Root'), root.certificate],
    remedy: TRUST,
  },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { chain: async () => [await serverCertificate('CN=Root')], remedy: TRUST },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    chain: async () => [await serverCertificate('CN=Between'), intermediate.certificate],
    remedy: TRUST,
  },
  CERT_HAS_EXPIRED: {
    chain: async () => [await serverCertificate('CN=Root', { notAfter: new Date(Date.now() - MINUTE) })],
    trusted: true,
    remedy: CLOCK,
  },
  CERT_NOT_YET_VALID: {
    chain: async () => [await serverCertificate('CN=Root', { notBefore: new Date(Date.now() + MINUTE) })],
    trusted: true,
    remedy: CLOCK,
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    chain: async () => [
      await serverCertificate('CN=Root', {
        extensions: [subjectAltName(['dns:elsewhere.example'].map(generalNameFromText))],
      }),
    ],
    trusted: true,
    remedy: 'Something else answers under this name.',
  },
};
for (const [code, { chain, trusted, remedy }] of Object.entries(CERTIFICATES))
  test(`${code} is named with its remedy, and trying again does not mend it`, async (t) => {
    const error = await failureAt(await servedWith(t, await chain()), trusted && pem(root.certificate));
    assert.match(error.message, new RegExp(`could not be reached: ${code}`));
    assert.deepEqual([error.remedy, error.retryable], [remedy, false]);
  });

/** What an administrator or an image sets to switch off the check of certificates, for the time of one test. */
function unverified(t: TestContext): void {
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  t.after(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });
}

test('NODE_TLS_REJECT_UNAUTHORIZED=0 does not switch off the check of certificates', async (t) => {
  unverified(t);
  for (const [code, { chain, trusted }] of Object.entries(CERTIFICATES)) {
    const error = await failureAt(await servedWith(t, await chain()), trusted && pem(root.certificate));
    assert.match(error.message, new RegExp(`could not be reached: ${code}`));
  }
});

test('nor behind a proxy, of the service and of the proxy itself', async (t) => {
  unverified(t);
  const url = await servedWith(t, [await serverCertificate()]);
  const proxy = createServer().listen(0, '127.0.0.1');
  proxy.on('connect', (_request, socket) => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    const upstream = connect(Number(new URL(url).port), '127.0.0.1');
    upstream.pipe(socket).pipe(upstream);
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  await once(proxy, 'listening');
  t.after(() => void proxy.close());
  for (const through of [`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, url])
    assert.match((await failureAt(url, undefined, through)).message, /DEPTH_ZERO_SELF_SIGNED_CERT/);
});

test('options of Node.js do not allow TLS 1.1', async (t) => {
  const defaults = { version: tls.DEFAULT_MIN_VERSION, ciphers: tls.DEFAULT_CIPHERS };
  t.after(() => Object.assign(tls, { DEFAULT_MIN_VERSION: defaults.version, DEFAULT_CIPHERS: defaults.ciphers }));
  Object.assign(tls, { DEFAULT_MIN_VERSION: 'TLSv1.1', DEFAULT_CIPHERS: 'DEFAULT@SECLEVEL=0' });
  const chain = [await serverCertificate('CN=Root')];
  const old = await servedWith(t, chain, { maxVersion: 'TLSv1.1' });
  for (const trustCa of [pem(root.certificate), undefined])
    assert.match((await failureAt(old, trustCa)).message, /could not be reached: ERR_SSL_/);
});

const NAMES = 'Look at the DNS of this machine, or give a `proxy`.';
const ROUTE = 'Look at the firewall, or give a `proxy`.';
for (const [code, remedy] of [
  ['ENOTFOUND', NAMES],
  ['EAI_AGAIN', NAMES],
  ['EHOSTUNREACH', ROUTE],
  ['ENETUNREACH', ROUTE],
  ['ETIMEDOUT', 'Look at the network, the proxy and the service health.'],
] as const)
  test(`${code} is named with its remedy, and may pass`, async (t) => {
    // What the system answers about a network that no test can have.
    type Done = (error: Error) => void;
    const fails = (_host: string, _options: unknown, done: Done) => done(Object.assign(new Error('failed'), { code }));
    const lookup = mock.method(dns, 'lookup', fails);
    t.after(() => lookup.mock.restore());
    const error = await failureAt('https://login.example/');
    assert.equal(lookup.mock.callCount(), 1);
    assert.match(error.message, new RegExp(`login\\.example could not be reached: ${code}`));
    assert.deepEqual([error.remedy, error.retryable], [remedy, true]);
  });
