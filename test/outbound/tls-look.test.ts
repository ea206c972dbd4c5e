/** A look at a TLS server: its certificate, its versions, its question for a client certificate, and its Date. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerOptions } from 'node:https';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { test, type TestContext } from 'node:test';
import { lookAtTls, type TlsPlace } from '../../src/outbound/tls-look.ts';
import { newAuthority, serverCredential } from '../../src/simulator/throwaway-ca.ts';
import { forwardProxy } from '../cli/doctor/spoiling-proxy.ts';
import { random } from '../kit/pki.ts';

const authority = await newAuthority(new Date(), random);
const { key, certificate: cert } = await serverCredential(authority, new Date(), random, ['scep.example']);
const trustCa = authority.certificate;

async function serving(t: TestContext, options: ServerOptions = {}, answer = true): Promise<URL> {
  const server = createServer({ key, cert, ...options }, (_request, response) => void (answer && response.end('x')));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void (server.closeAllConnections(), server.close()));
  return new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/scep?operation=GetCACaps`);
}

/** Without the certificates, whose number is shown. */
async function look(place: Omit<TlsPlace, 'timeoutMs'>, timeoutMs = 10_000) {
  const { chain, date, ...seen } = await lookAtTls({ ...place, timeoutMs });
  return { ...seen, shown: chain.length > 0, dated: date !== undefined };
}

const GOOD = { fault: undefined, isPublic: false, asksForCertificate: false, shown: true, dated: true };

test('a trusted certificate, and the version that was offered at most', async (t) => {
  const url = await serving(t);
  assert.deepEqual(await look({ url, trustCa }), { ...GOOD, protocol: 'TLSv1.3' });
  assert.deepEqual(await look({ url, trustCa, maxVersion: 'TLSv1.2' }), { ...GOOD, protocol: 'TLSv1.2' });
});

test('an untrusted certificate, and one for another name, are shown with their fault', async (t) => {
  const url = await serving(t);
  assert.deepEqual(await look({ url }), { ...GOOD, protocol: 'TLSv1.3', fault: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  const proxy = await forwardProxy(t, Number(url.port));
  const other = new URL('https://other.example/');
  assert.equal((await look({ url: other, trustCa, proxy })).fault, 'ERR_TLS_CERT_ALTNAME_INVALID');
  assert.equal((await look({ url: new URL('https://scep.example/'), trustCa, proxy })).fault, undefined);
});

test('a question for a client certificate is seen in TLS 1.2, also when the server then ends the connection', async (t) => {
  const asks = { requestCert: true, rejectUnauthorized: false };
  const optional = await serving(t, asks);
  assert.equal((await look({ url: optional, trustCa, maxVersion: 'TLSv1.2' })).asksForCertificate, true);
  const demanded = await serving(t, { ...asks, rejectUnauthorized: true });
  assert.equal((await look({ url: demanded, trustCa, maxVersion: 'TLSv1.2' })).asksForCertificate, true);
});

test('no connection: a version that is not offered, a port without a server, a proxy that refuses, silence', async (t) => {
  const none = { isPublic: false, asksForCertificate: false, shown: false, dated: false };
  const url = await serving(t, { minVersion: 'TLSv1.3' });
  assert.deepEqual(await look({ url, trustCa, maxVersion: 'TLSv1.2' }), {
    ...none,
    fault: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  });
  assert.deepEqual(await look({ url: new URL('https://127.0.0.1:1/') }), { ...none, fault: 'ECONNREFUSED' });
  const proxy = await forwardProxy(t, 1, 407);
  assert.deepEqual(await look({ url, proxy }), { ...none, fault: 'the proxy answered with HTTP 407' });
  const silent = createTcp().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  assert.deepEqual(await look({ url: new URL(`https://127.0.0.1:${port}/`) }, 300), { ...none, fault: 'ETIMEDOUT' });
});

test('a server that never replies: the certificate is known, the Date is not', async (t) => {
  const url = await serving(t, {}, false);
  assert.deepEqual(await look({ url, trustCa }, 500), { ...GOOD, protocol: 'TLSv1.3', dated: false });
});
