/** A CA over HTTPS on loopback, with certificates of a CA of the test; a test says what it answers. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { ClientIdentity } from '../../src/outbound/tls-trust.ts';
import { generateKey, privateKeyPem, type SoftwareKey } from '../../src/keys/software.ts';
import { writeCertificate } from '../../src/pkix/certificate.ts';
import { basicConstraints, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';

const HOUR = 3_600_000;

/** Hours before and after now. */
type Life = { before: number; after: number };

/** A CA of the test, valid now. `ca` is PEM. `issue` makes a certificate for these names, from an hour ago for an hour. */
export type TestCa = {
  ca: string;
  issue: (subject: string, names?: readonly string[], life?: Partial<Life>) => Promise<ClientIdentity>;
};

const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;

export async function testCa(subject = 'CN=CA of the test'): Promise<TestCa> {
  const key = generateKey('p256');
  const plan = (
    name: string,
    of: SoftwareKey,
    extensions: ReturnType<typeof basicConstraints>[],
    life: Partial<Life> = {},
  ) => ({
    serialNumber: Buffer.concat([Uint8Array.of(1), crypto.getRandomValues(new Uint8Array(8))]),
    issuer: nameFromText(subject),
    subject: nameFromText(name),
    notBefore: new Date(Date.now() - (life.before ?? 1) * HOUR),
    notAfter: new Date(Date.now() + (life.after ?? 1) * HOUR),
    spki: of.spki,
    extensions,
  });
  return {
    ca: pem(await writeCertificate(plan(subject, key, [basicConstraints(true)]), key)),
    async issue(name, names = [], life = {}) {
      const of = generateKey('p256');
      const san = names.length > 0 ? [subjectAltName(names.map((text) => generalNameFromText(text)))] : [];
      const certificate = pem(await writeCertificate(plan(name, of, san, life), key));
      return { certificate, key: privateKeyPem(of.privateKey) };
    },
  };
}

/** What the server got. `client`: the common name of the client certificate. */
export type Got = {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
  client: string | undefined;
  /** The port of the client, which tells connections apart. */
  peerPort: number | undefined;
};

/** `got` has each whole request, in order. */
export type ServedCa = { url: string; got: Got[] };

/** Serves until the test ends. With `clientCa`, only clients with its certificates. */
export async function serveCa(
  t: TestContext,
  { certificate, key }: ClientIdentity,
  answer: (got: Got, response: ServerResponse) => void,
  clientCa?: string,
): Promise<ServedCa> {
  const got: Got[] = [];
  const asked = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
  const server = createServer({ cert: certificate, key, ...asked }, (request, response) => {
    void (async () => {
      let body = '';
      for await (const part of request) body += String(part);
      const socket = request.socket as TLSSocket;
      const client = socket.getPeerCertificate().subject?.CN;
      const one = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body,
        client,
        peerPort: socket.remotePort,
      };
      got.push(one as Got);
      answer(one as Got, response);
    })();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => (server.closeAllConnections(), server.close()));
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, got };
}

/** Answers with JSON. */
export function json(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
