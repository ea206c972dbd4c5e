/** The listeners of the services, and the steps of every call: fault, answer, record. */
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock, Logger } from '../core/environment.ts';
import type { CallList } from './calls.ts';
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
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    type: '*',
    options: { parseAs: 'string' },
    parser: (request: FastifyRequest, body: string, done: (error: null, body: string) => void) => void,
  ): unknown;
  setNotFoundHandler(handler: (request: FastifyRequest, reply: FastifyReply) => FastifyReply): unknown;
};

function withRoutes<A extends Routable>(app: A, routes: readonly ServiceRoute[], services: CallServices): A {
  // Every body is text, so that a service answers a wrong one with its own error, and the call is recorded.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setNotFoundHandler((request, reply) => {
    const url = new URL(request.url, 'https://localhost');
    const call = unroutedCall(request, url, services);
    const found = routeOf(routes, request.method, decoded(url.pathname));
    if (!found) return send(call, unknownPath(call), reply);
    return answer({ ...call, hop: found.route.hop, params: found.params }, found.route.handler, { services, reply });
  });
  return app;
}

function answer(
  call: ServiceCall,
  handler: ServiceHandler,
  { services, reply }: { services: CallServices; reply: FastifyReply },
): FastifyReply {
  const given = answerTo(call, handler, services.faults);
  const { hop, code, status } = services.calls.record(call, given);
  services.logger?.debug({ hop, code, status }, 'simulated call');
  return send(call, given, reply);
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

function answerTo(call: ServiceCall, handler: ServiceHandler, faults: Faults): ServiceAnswer {
  const effect = faults.next(call.hop);
  if (effect === undefined) return handler(call);
  return 'responseFault' in effect ? handler(call, effect.responseFault) : effect.answer(call);
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

function send(call: Omit<ServiceCall, 'hop'>, answered: ServiceAnswer, reply: FastifyReply): FastifyReply {
  if (answered.kind === 'reply')
    return reply
      .code(answered.status)
      .headers({ ...echoed(call), ...answered.headers })
      .send(answered.body);
  reply.hijack();
  if (answered.kind === 'disconnect') reply.raw.destroy();
  return reply;
}

/** `return-client-request-id: true`, as a header or in the query, asks for the id in the answer. */
const echoed = ({ headers, query, clientRequestId }: Omit<ServiceCall, 'hop'>): Record<string, string> => {
  const wanted = headers['return-client-request-id'] ?? query.get('return-client-request-id');
  return wanted === 'true' && clientRequestId !== '' ? { 'client-request-id': clientRequestId } : {};
};
