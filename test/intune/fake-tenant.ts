/** Entra, Graph and Intune of one tenant behind one HTTPS port; a test sets the answers. */
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type IntuneClient, type IntuneClientOptions, intuneClient } from '../../src/intune/client.ts';
import type { IntuneHop } from '../../src/intune/unreachable.ts';
import type { Timeouts } from '../../src/intune/retry.ts';
import { generateKey, privateKeyPem } from '../../src/keys/software.ts';
import { writeCertificate } from '../../src/pkix/certificate.ts';
import { basicConstraints, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';

export const SECRET = 'the-client-secret-of-the-test';

export type Seen = {
  hop: IntuneHop;
  method: string;
  path: string;
  headers: Record<string, string>;
  raw: string[];
  body: string;
};
/** `silence` never answers, `reset` ends the connection. */
export type Answer =
  | { status?: number; headers?: Record<string, string>; json?: unknown; text?: string }
  | 'silence'
  | 'reset';

export const ok = (json: unknown): Answer => ({ json });
export const success: Answer = ok({ code: 'Success', errorDescription: '' });
export const listing = (uri: string, providerName = 'ScepRequestValidationFEService'): Answer =>
  ok({
    value: [
      { providerName: 'Other', uri: 'https://other.example/' },
      { providerName, uri },
    ],
  });

/** Short enough for tests that exhaust them, long enough for a loaded machine where an answer is expected. */
export const QUICK: Timeouts = {
  callMs: 20_000,
  totalMs: 60_000,
  retries: 2,
  backoffMs: 1,
  breakAfter: 1000,
  breakMs: 60_000,
};

export type FakeTenant = {
  origin: string;
  port: number;
  trustCa: string;
  calls: Seen[];
  hops(): IntuneHop[];
  /** Resolves when a call of this hop arrives after now. */
  arrival(hop: IntuneHop): Promise<unknown>;
  /** The next answers of this hop; after the last one, the default answer again. */
  answer(hop: IntuneHop, ...answers: Answer[]): void;
  /** What this hop answers from now on. */
  always(hop: IntuneHop, answer: Answer): void;
  client(more?: Partial<IntuneClientOptions>): IntuneClient;
  close(): Promise<void>;
};

const HOPS: readonly [RegExp, IntuneHop][] = [
  [/\/oauth2\/v2\.0\/token/, 'token'],
  [/\/v1\.0\/servicePrincipals\//, 'discovery'],
  [/\/ScepActions\/validateRequest$/, 'validateRequest'],
  [/\/ScepActions\/successNotification$/, 'successNotification'],
  [/\/ScepActions\/failureNotification$/, 'failureNotification'],
];

async function selfSigned(): Promise<{ key: string; cert: string }> {
  const key = generateKey('p256');
  const name = nameFromText('CN=fake tenant');
  const plan = {
    serialNumber: Uint8Array.of(1),
    issuer: name,
    subject: name,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 3_600_000),
    spki: key.spki,
    extensions: [
      basicConstraints(true),
      subjectAltName(['ip:127.0.0.1', 'dns:localhost'].map((text) => generalNameFromText(text))),
    ],
  };
  const der = Buffer.from(await writeCertificate(plan, key));
  const cert = `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
  return { key: privateKeyPem(key.privateKey), cert };
}

export async function fakeTenant(): Promise<FakeTenant> {
  const { key, cert } = await selfSigned();
  const calls: Seen[] = [];
  const arrivals = new EventEmitter();
  const queues = new Map<IntuneHop, Answer[]>();
  const usual = new Map<IntuneHop, Answer>();
  let issued = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const hop = HOPS.find(([pattern]) => pattern.test(path))?.[1];
    if (!hop) return void response.writeHead(418).end(`nothing here: ${path}`);
    let body = '';
    for await (const part of request) body += String(part);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    calls.push({ hop, method: request.method ?? '', path, headers, raw: request.rawHeaders, body });
    arrivals.emit(hop);
    const answer = queues.get(hop)?.shift() ?? usual.get(hop) ?? ordinary(hop);
    if (answer === 'silence') return;
    if (answer === 'reset') return void request.socket.destroy();
    const type = answer.text === undefined ? 'application/json' : 'text/html';
    response.writeHead(answer.status ?? 200, { 'content-type': type, ...answer.headers });
    response.end(answer.text ?? JSON.stringify(answer.json));
  }

  const ordinary = (hop: IntuneHop): Answer => {
    if (hop === 'token')
      return ok({ token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: `token-${++issued}` });
    return hop === 'discovery' ? listing(`${origin}/RACerts/Scep/`) : success;
  };

  const server = createServer({ key, cert }, (request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `https://127.0.0.1:${port}`;
  const clients: IntuneClient[] = [];

  return {
    origin,
    port,
    trustCa: cert,
    calls,
    hops: () => calls.map(({ hop }) => hop),
    arrival: (hop) => once(arrivals, hop),
    answer: (hop, ...answers) => void queues.set(hop, answers),
    always: (hop, answer) => void usual.set(hop, answer),
    client({ timeouts, ...more } = {}) {
      const client = intuneClient({
        tenant: 'contoso.example',
        clientId: '11111111-2222-3333-4444-555555555555',
        clientSecret: SECRET,
        cloud: { login: origin, graph: `${origin}/graph`, intune: origin },
        trustCa: cert,
        clock: () => new Date(),
        uuid: randomUUID,
        callerInfo: 'openndes/9.9.9',
        ...more,
        timeouts: { ...QUICK, ...timeouts },
      });
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What a rejected promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it was not rejected with an Error');
}

/** All text of an error: message, stack, own fields, causes. */
export const everything = (error: unknown): string =>
  error instanceof Error
    ? `${error.stack}\n${JSON.stringify(Object.entries(error))}\n${everything(error.cause)}`
    : String(error);
