/** A service behind webhooks, over HTTP and HTTPS. The path of the URL says how it behaves. */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { newAuthority, serverCredential } from '../../src/simulator/throwaway-ca.ts';
import { atEnd, clock, random } from './files.ts';

/** The key of the signature that the service demands, also the base64 of what step-ca would sign with. */
export const SECRET = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3';

type Call = { event: string; body: string; headers: IncomingMessage['headers'] };
type Verdict = 'allow' | 'deny' | 'no answer';

const HELD = new Map<string, { arrived: PromiseWithResolvers<void>; answered: PromiseWithResolvers<void> }>();
const held = (path: string) => {
  const state = HELD.get(path) ?? { arrived: Promise.withResolvers(), answered: Promise.withResolvers() };
  HELD.set(path, state);
  return state;
};
/** Resolves when a request waits at this path below `/held/`. */
export const arrived = (path: string): Promise<void> => held(path).arrived.promise;
/** Lets it go on. */
export const answer = (path: string): void => held(path).answered.resolve();

const mac = (key: Uint8Array, text: string): string => createHmac('sha256', key).update(text).digest('hex');

/** docs/webhook.md, "How it is signed". */
function isSigned({ headers, body }: Call): boolean {
  const [, t, v1] = /^t=(\d+),v1=(\w+)$/.exec(String(headers['openndes-signature'])) ?? [];
  return v1 === mac(Buffer.from(SECRET), `${t}.${body}`);
}

const isStepCa = ({ headers, body }: Call): boolean =>
  headers['x-smallstep-webhook-id'] === 'an-id' &&
  headers['x-smallstep-signature'] === mac(Buffer.from(SECRET, 'base64'), body);

const MENDED = new Set<string>();
/** Lets the service allow at this path below `/mended/`, where it fails until then. */
export const mend = (path: string): void => void MENDED.add(path);

const BEHAVIOURS: Readonly<Record<string, (call: Call, path: string) => Verdict | Promise<Verdict>>> = {
  allow: () => 'allow',
  deny: () => 'deny',
  broken: () => 'no answer',
  signed: (call) => (isSigned(call) ? 'allow' : 'deny'),
  'step-ca': (call) => (isStepCa(call) ? 'allow' : 'deny'),
  mended: (_call, path) => (MENDED.has(path) ? 'allow' : 'no answer'),
  late: () => pause(2_000, 'allow'),
  /** Allows every request and takes no notification. */
  'no-notifications': ({ event }) => (event === 'request' ? 'allow' : 'no answer'),
  async held(_call, path): Promise<Verdict> {
    held(path).arrived.resolve();
    await held(path).answered.promise;
    return 'deny';
  },
};

const EVENTS = new Map<string, string[]>();
/** The events that came to this path, in their order. */
export const eventsAt = (path: string): readonly string[] => EVENTS.get(path) ?? [];

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  const { event } = JSON.parse(body) as { event: string };
  const path = request.url!;
  EVENTS.set(path, [...eventsAt(path), event]);
  const verdict = await BEHAVIOURS[path.split('/')[1]!]!({ event, body, headers: request.headers }, path);
  response.writeHead(verdict === 'no answer' ? 500 : 200).end(JSON.stringify({ decision: verdict }));
}

const listener: RequestListener = (request, response) => void serve(request, response);

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(async () => void server.close());
  return (server.address() as AddressInfo).port;
}

const authority = await newAuthority(clock(), random);
/** A certificate for 127.0.0.1, PEM, and its key. */
export const credential = await serverCredential(authority, clock(), random);
/** The CA of it, PEM. */
export const authorityPem = authority.certificate;

let running: Promise<{ http: number; https: number }> | undefined;
/** The ports of the service, which ends with the tests of this process. */
export const receiver = () => (running ??= start());

async function start() {
  const secure = createTlsServer({ key: credential.key, cert: credential.certificate }, listener);
  return { http: await listening(createServer(listener)), https: await listening(secure) };
}
