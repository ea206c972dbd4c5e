/** The listeners of the services, and the steps of every call: fault, answer, record. */
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock, Logger } from '../core/environment.ts';
import type { CallList } from './calls.ts';
import { deliver, type TcpSocket } from './delivery.ts';
import { unknownPath } from './error-bodies.ts';
import type { Faults } from './injected-faults.ts';
import type { ServiceRoute } from './routes.ts';
import type { ServiceAnswer, ServiceCall, ServiceHandler } from './service-call.ts';
import type { ServiceSite } from './site.ts';
import type { TlsCredential } from './throwaway-ca.ts';

/** What every call needs. `siteOf` gives the addresses that are in the answer. */
export type CallServices = {
  faults: Faults;
  calls: CallList;
  clock: Clock;
  logger: Logger | undefined;
  siteOf: (host: string | undefined, port: number) => ServiceSite;
};

/** Entra, Graph and Intune over HTTPS. The caller starts to listen. */
export const wireApp = ({ key, certificate }: TlsCredential, routes: readonly ServiceRoute[], services: CallServices) =>
  withRoutes(Fastify({ https: { key, cert: certificate } }), routes, services);

/** The managed identity endpoints over HTTP, as on a machine in Azure. The caller starts to listen. */
export const identityApp = (routes: readonly ServiceRoute[], services: CallServices) =>
  withRoutes(Fastify(), routes, services);

/** The part of a fastify application that is used here, with TLS or without. */
type Routable = {
  server: { on(event: 'connection', listener: (socket: TcpSocket) => void): unknown };
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    type: '*',
    options: { parseAs: 'string' },
    parser: (request: FastifyRequest, body: string, done: (error: null, body: string) => void) => void,
  ): unknown;
  setNotFoundHandler(handler: (request: FastifyRequest, reply: FastifyReply) => FastifyReply): unknown;
};

function withRoutes<A extends Routable>(app: A, routes: readonly ServiceRoute[], services: CallServices): A {
  const sockets = tcpSockets(app);
  // Every body is text, so that a service answers a wrong one with its own error, and the call is recorded.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setNotFoundHandler((request, reply) => {
    const url = new URL(request.url, 'https://localhost');
    const call = unroutedCall(request, url, services);
    const found = routeOf(routes, request.method, decoded(url.pathname));
    const socket = sockets.get(request.socket.remotePort);
    if (!found) return deliver(completed(call, unknownPath(call)), reply, socket);
    const { hop, handler } = found.route;
    const answered = answerTo({ ...call, hop, params: found.params }, handler, services);
    return deliver(completed(call, answered), reply, socket);
  });
  return app;
}

function answerTo(call: ServiceCall, handler: ServiceHandler, services: CallServices): ServiceAnswer {
  const given = faultyAnswer(call, handler, services.faults);
  const { hop, code, status } = services.calls.record(call, given);
  services.logger?.debug({ hop, code, status }, 'simulated call');
  return given;
}

/** The open connections below TLS, by the port of the client. */
function tcpSockets({ server }: Routable): ReadonlyMap<number | undefined, TcpSocket> {
  const sockets = new Map<number | undefined, TcpSocket>();
  server.on('connection', (socket) => {
    const port = socket.remotePort;
    sockets.set(port, socket);
    socket.once('close', () => sockets.delete(port));
  });
  return sockets;
}

type FoundRoute = { route: ServiceRoute; params: Readonly<Record<string, string>> };

function routeOf(routes: readonly ServiceRoute[], method: string, path: string): FoundRoute | undefined {
  for (const route of routes) {
    const match = route.method === method ? route.pattern.exec(path) : null;
    if (match) return { route, params: { ...match.groups } };
  }
  return undefined;
}

/** Percent-decoded; as it is when that is not possible. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function faultyAnswer(call: ServiceCall, handler: ServiceHandler, faults: Faults): ServiceAnswer {
  const effect = faults.next(call.hop);
  if (effect === undefined) return handler(call);
  if ('answer' in effect) return effect.answer(call);
  if ('outage' in effect) return { kind: 'reset', code: effect.outage };
  if ('responseFault' in effect) return handler(call, effect.responseFault);
  const right = handler(call);
  return right.kind === 'reply' ? effect.change(right) : right;
}

function unroutedCall(request: FastifyRequest, url: URL, services: CallServices): Omit<ServiceCall, 'hop'> {
  const { headers, body, socket } = request;
  const query = url.searchParams;
  const id = headers['client-request-id'] ?? query.get('client-request-id');
  return {
    at: services.clock(),
    site: services.siteOf(headers.host, socket.localPort ?? 0),
    host: (headers.host ?? '').toLowerCase(),
    path: url.pathname + url.search,
    query,
    params: {},
    headers,
    body: typeof body === 'string' ? body : '',
    clientRequestId: typeof id === 'string' ? id : '',
  };
}

/** Adds the time of the simulator, which may differ from that of the machine, and the id that the client asked for. */
const completed = (call: Omit<ServiceCall, 'hop'>, answered: ServiceAnswer): ServiceAnswer =>
  answered.kind === 'reply'
    ? { ...answered, headers: { date: call.at.toUTCString(), ...echoed(call), ...answered.headers } }
    : answered;

/** `return-client-request-id: true`, as a header or in the query, asks for the id in the answer. */
const echoed = ({ headers, query, clientRequestId }: Omit<ServiceCall, 'hop'>): Record<string, string> => {
  const wanted = headers['return-client-request-id'] ?? query.get('return-client-request-id');
  return wanted === 'true' && clientRequestId !== '' ? { 'client-request-id': clientRequestId } : {};
};
