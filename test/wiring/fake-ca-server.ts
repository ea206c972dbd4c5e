/** What the fakes of CA products share: a server with TLS, which can ask for client certificates, and a proxy to it. */
import { once } from 'node:events';
import { createServer as createProxy, type IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { CertificationRequest, Extension } from '../../src/core/request.ts';
import { writeCertificate } from '../../src/pkix/certificate.ts';
import { readCertificationRequest, withoutProof } from '../../src/pkix/csr.ts';
import { authorityKeyIdentifier, keyIdentifier } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { testCa } from '../backends/https-ca.ts';
import { atEnd, file, issuing, random } from './files.ts';

/** The CA of the TLS certificates; `trustOnly` is its file. */
export const tls = await testCa();
export const trustOnly = file('fake-ca-root.pem', tls.ca);
const identity = await tls.issue('CN=fake', ['dns:localhost']);

/** One request. `client`: the common name of the client certificate. */
export type Asked = {
  path: string;
  headers: IncomingHttpHeaders;
  body: unknown;
  client: string;
  how: 'directly' | 'through the proxy';
};

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

/** Serves until the tests of this process end. `answer` gives the JSON of the reply. */
export async function fakeCaServer(status: number, answer: (asked: Asked) => Promise<object>) {
  const proxied = new Set<number | undefined>();
  const options = {
    key: identity.key,
    cert: identity.certificate,
    ca: tls.ca,
    requestCert: true,
    rejectUnauthorized: false,
  };
  const server = createServer(options, (request, response) => {
    void (async () => {
      let text = '';
      for await (const part of request) text += String(part);
      const socket = request.socket as TLSSocket;
      const client = socket.authorized ? String(socket.getPeerCertificate().subject?.CN) : 'nobody';
      const how = proxied.has(socket.remotePort) ? 'through the proxy' : 'directly';
      const { url: path = '', headers } = request;
      // Its standing is asked too, by nothing that these tests look at.
      const isAsked = text.includes('"csr"') || path.endsWith('/login');
      const reply = isAsked ? await answer({ path, headers, body: JSON.parse(text), client, how }) : {};
      response.writeHead(isAsked ? status : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(reply));
    })();
  }).listen(0, '127.0.0.1');
  const proxy = createProxy()
    .on('connect', (_request, socket) => {
      const upstream = connect(portOf(server), '127.0.0.1', () => {
        proxied.add(upstream.localPort);
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(upstream).pipe(socket);
      });
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
    })
    .listen(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), once(proxy, 'listening')]);
  atEnd(async () => {
    server.closeAllConnections();
    server.close();
    proxy.closeAllConnections();
    proxy.close();
  });
  return { url: `https://localhost:${portOf(server)}`, proxy: `http://127.0.0.1:${portOf(proxy)}` };
}

/** The request in PEM. */
export const csrOf = (pem: string): CertificationRequest =>
  withoutProof(readCertificationRequest(Buffer.from(pem.replaceAll(/-----[A-Z ]+-----|\n/g, ''), 'base64')));

/** A certificate of the CA `issuing`, valid from a minute ago. */
export const signedByIssuing = (
  spki: Uint8Array,
  subject: Uint8Array,
  notAfter: Date,
  extensions: Extension[],
): Promise<Uint8Array> =>
  writeCertificate(
    {
      serialNumber: Buffer.concat([Uint8Array.of(1), random(12)]),
      issuer: nameFromText('CN=Wiring Issuing'),
      subject,
      notBefore: new Date(Date.now() - 60_000),
      notAfter,
      spki,
      extensions: [...extensions, authorityKeyIdentifier(keyIdentifier(issuing.key.spki))],
    },
    issuing.key,
  );
