/** A fake of step-ca for the wiring: it certifies by the CA `issuing` what the template of openndes would, and keeps what it was sent. */
import { once } from 'node:events';
import { createServer as createProxy } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createServer } from 'node:https';
import { findExtension } from '../../src/pkix/extensions.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { writeCertificate } from '../../src/pkix/certificate.ts';
import { readCertificationRequest, withoutProof } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { OID } from '../../src/pkix/oids.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { testCa } from '../backends/https-ca.ts';
import { ecKey } from '../kit/keys.ts';
import { atEnd, certificateFile, file, issuing, issuingSection, random, root } from './files.ts';

const tls = await testCa();
const identity = await tls.issue('CN=step-ca', ['dns:localhost']);
/** By the subject of the request: what the token says of its provisioner, and whether the connection came through the proxy. */
export const stepCaGot = new Map<string, readonly string[]>();
/** The ports of connections that the proxy made. */
const proxied = new Set<number | undefined>();

type Claims = { iss: string; aud: string; openndes: Record<'subject' | 'keyUsage' | 'extendedKeyUsage', string> };
const decoded = (part = ''): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());

async function certified(body: string, port: number | undefined): Promise<object> {
  const { csr: pem, ott, notAfter } = JSON.parse(body) as { csr: string; ott: string; notAfter: string };
  const [header, claims] = ott.split('.', 2).map(decoded) as [{ kid?: string; x5c?: string[] }, Claims];
  const csr = withoutProof(
    readCertificationRequest(Buffer.from(pem.replaceAll(/-----[A-Z ]+-----|\n/g, ''), 'base64')),
  );
  const how = proxied.has(port) ? 'through the proxy' : 'directly';
  stepCaGot.set(csr.subjectText, [claims.iss, header.kid ?? `x5c ${header.x5c?.length}`, how]);
  const value = (oid: string, text: string) => ({
    oid,
    critical: oid === OID.keyUsage,
    value: Buffer.from(text, 'base64'),
  });
  const { subject, keyUsage, extendedKeyUsage } = claims.openndes;
  const san = findExtension(csr.extensions, OID.subjectAltName);
  const certificate = await writeCertificate(
    {
      serialNumber: Buffer.concat([Uint8Array.of(1), random(12)]),
      issuer: nameFromText('CN=Wiring Issuing'),
      subject: Buffer.from(subject, 'base64'),
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(notAfter),
      spki: csr.spki,
      extensions: [value(OID.keyUsage, keyUsage), value(OID.extendedKeyUsage, extendedKeyUsage), ...(san ? [san] : [])],
    },
    issuing.key,
  );
  return { certChain: [certificatePem(certificate), certificatePem(issuing.certificate)] };
}

const server = createServer({ key: identity.key, cert: identity.certificate }, (request, response) => {
  void (async () => {
    let body = '';
    for await (const part of request) body += String(part);
    // Its standing is asked too, by nothing that these tests look at.
    if (body === '') return void response.writeHead(404).end();
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify(await certified(body, request.socket.remotePort)));
  })();
}).listen(0, '127.0.0.1');
const proxy = createProxy()
  .on('connect', (_request, socket) => {
    const upstream = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
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
const portOf = (of: { address(): unknown }): number => (of.address() as AddressInfo).port;

const trustOnly = file('step-ca-root.pem', tls.ca);
const { certificate, key } = await tls.issue('CN=openndes');
const provisioner = { key: privateKeyPem(ecKey('provisioner').privateKey), keyId: 'the-kid' };

const authority = (stepCa: object) => ({
  certificate: issuingSection.certificate,
  chain: certificateFile('issuing/above-step.pem', root),
  ra: issuingSection.ra,
  issuer: { stepCa: { url: `https://localhost:${portOf(server)}`, trustOnly, ...stepCa } },
});

/** Two authorities whose CA it is. */
export const stepCaAuthorities = {
  'step-jwk': authority({ provisioner: 'first', ...provisioner }),
  'step-x5c': authority({
    provisioner: 'second',
    key,
    certificate: file('step-ra.pem', certificate),
    proxy: `http://127.0.0.1:${portOf(proxy)}`,
  }),
};
