/** Entra, Graph and Intune over HTTPS, and the steps of every call: fault, answer, record. */
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock, Logger } from '../core/environment.ts';
import type { CallList } from './calls.ts';
import { unknownPath } from './error-bodies.ts';
import type { Faults } from './injected-faults.ts';
import { type RouteServices, type ServiceRoute, serviceRoutes } from './routes.ts';
import type { ServiceAnswer, ServiceCall, ServiceHandler } from './service-call.ts';
import { siteOf } from './site.ts';
import type { TlsCredential } from './throwaway-ca.ts';

/** What the services operate on. */
export type SimulatedServices = RouteServices & {
  faults: Faults;
  calls: CallList;
  clock: Clock;
  logger: Logger | undefined;
};

/** The services over HTTPS. The caller starts to listen. */
export function wireApp({ key, certificate }: TlsCredential, services: SimulatedServices) {
  const app = Fastify({ https: { key, cert: certificate } });
  // Every body is text, so that a service answers a wrong one with its own error, and the call is recorded.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  const routes = serviceRoutes(services);
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
  { services, reply }: { services: SimulatedServices; reply: FastifyReply },
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

function unroutedCall(request: FastifyRequest, url: URL, services: SimulatedServices): Omit<ServiceCall, 'hop'> {
  const { headers, body, socket } = request;
  const query = url.searchParams;
  const id = headers['client-request-id'] ?? query.get('client-request-id');
  return {
    at: services.clock(),
    site: siteOf(headers.host, socket.localPort ?? 0, services.cloud),
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
