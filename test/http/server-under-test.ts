/** The HTTP server with endpoints under test, called without a socket or over one that sends byte by byte. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { type HttpOptions, httpServer } from '../../src/http/http-server.ts';
import { gated } from '../../src/enroll/gate.ts';
import { gatesFor } from '../kit/gates.ts';
import { staticPolicy } from '../../src/policy/static.ts';
import { client } from '../kit/pki.ts';
import { CHALLENGE, requestMessage } from '../kit/requests.ts';
import { endpointUnderTest, PATH, read, type Under } from '../kit/endpoint-under-test.ts';
import { keptLog } from '../kit/log.ts';

export { PATH };
export const MESSAGE = await requestMessage();
export const BASE64 = Buffer.from(MESSAGE).toString('base64');

/** The endpoint that most tests of HTTP need: one static challenge. */
export const lab = (): Promise<Under> => endpointUnderTest(staticPolicy({ challenge: CHALLENGE }));

/** `mostRunning`: requests of one endpoint at the same time. */
type Options = Partial<HttpOptions> & { mostRunning?: number };

/** A server that is closed when its test ends; `log` keeps what it and its plugin log. */
export async function served(
  t: TestContext,
  unders: readonly Under[],
  { mostRunning = 512, ...options }: Options = {},
) {
  const log = keptLog();
  const gate = gatesFor(unders.map(({ service }) => service.name));
  const services = unders.map(({ service }) => gated(service, gate(service.name, mostRunning)));
  const app = await httpServer({ services, emit: log.emit, clock: unders[0]!.clock, grace: 50, ...options });
  t.after(() => app.close());
  return { app, log };
}

/** The port on which it listens now. */
export async function listening(app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' });
  return (app.server.address() as AddressInfo).port;
}

export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Everything that comes until the server ends the connection, latin1. */
export async function rest(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

/** Sends these octets and returns all that comes back until the server ends the connection. */
export async function raw(port: number, ...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = await open(port);
  for (const part of parts) socket.write(part);
  return rest(socket);
}

export type RawResponse = { status: number; headers: Map<string, string>; body: Buffer };

/** Takes one response with Content-Length from the front of the octets, and what follows it. */
export function parse(octets: string): { response: RawResponse; after: string } {
  const end = octets.indexOf('\r\n\r\n');
  assert.ok(end > 0, `no response: ${octets.slice(0, 200)}`);
  const [statusLine, ...lines] = octets.slice(0, end).split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  assert.ok(headers.has('content-length'), `no Content-Length: ${octets.slice(0, end)}`);
  const from = end + 4;
  const to = from + Number(headers.get('content-length'));
  assert.ok(octets.length >= to, 'the body is shorter than Content-Length says');
  const response = {
    status: Number(statusLine!.split(' ')[1]),
    headers,
    body: Buffer.from(octets.slice(from, to), 'latin1'),
  };
  return { response, after: octets.slice(to) };
}

/** The one response in the octets. */
export function only(octets: string): RawResponse {
  const { response, after } = parse(octets);
  assert.equal(after, '');
  return response;
}

/** Fails unless the body is a CertRep of success for the test client. */
export async function assertIssued(body: Uint8Array): Promise<void> {
  const reply = await read({ body }, client);
  assert.equal(reply.status, 'success', JSON.stringify(reply));
}

export const operation = (name: string, message?: string): string =>
  `${PATH}?operation=${name}${message === undefined ? '' : `&message=${message}`}`;
