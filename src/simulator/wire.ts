/** The routes of Entra, Graph and Intune, and the one way that every call takes: fault, answer, record. */
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock, Logger } from '../core/environment.ts';
import type { CallList } from './calls.ts';
import { keys, openid, token } from './entra.ts';
import { ACTIONS, type ServiceAnswer, type ServiceCall, type Handler, type ServiceHop } from './service-call.ts';
import type { Faults } from './injected-faults.ts';
import { DISCOVERY_PATH, discovery } from './graph.ts';
import { scepAction } from './scep-action-routes.ts';
import { siteAt, VALIDATION_PATH } from './site.ts';
import type { SimulatorState } from './state.ts';
import type { TlsCredential } from './throwaway-ca.ts';
import type { TokenAuthority } from './tokens.ts';
import type { Validation } from './validation.ts';

/** What the services stand on. */
export type Services = {
  state: SimulatorState;
  tokens: TokenAuthority;
  validation: Validation;
  faults: Faults;
  calls: CallList;
  clock: Clock;
  logger: Logger | undefined;
};

type Route = { hop: ServiceHop; method: 'GET' | 'POST'; url: string; handler: Handler };

const routes = ({ state, tokens, validation }: Services): readonly Route[] => [
  { hop: 'openid', method: 'GET', url: '/:tenant/v2.0/.well-known/openid-configuration', handler: openid(state) },
  { hop: 'token', method: 'POST', url: '/:tenant/oauth2/v2.0/token', handler: token(state, tokens) },
  { hop: 'discovery', method: 'GET', url: DISCOVERY_PATH, handler: discovery(tokens) },
  ...ACTIONS.map((action) => ({
    hop: action,
    method: 'POST' as const,
    url: `${VALIDATION_PATH}/ScepActions/${action}`,
    handler: scepAction(action, tokens, validation),
  })),
];

/** The services over HTTPS; the caller listens. */
export function wireApp({ key, certificate }: TlsCredential, services: Services) {
  const app = Fastify({ https: { key, cert: certificate } });
  // Bodies of any type come as text: what is wrong with them is said in the words of the service, and recorded.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  for (const { hop, method, url, handler } of routes(services))
    app.route({
      method,
      url,
      handler: (request: WireRequest, reply: FastifyReply) => {
        const exchange = exchangeOf(hop, request, services.clock());
        const answer = answerTo(exchange, handler, services.faults);
        const { code, status } = services.calls.remember(exchange, answer);
        services.logger?.debug({ hop, code, status }, 'simulated call');
        return send(answer, reply);
      },
    });
  app.get('/:tenant/discovery/v2.0/keys', (request: WireRequest, reply) =>
    // Not a hop: no client of this product fetches the keys, but a test that checks a token does.
    send(keys(services.state, services.tokens)(exchangeOf('openid', request, services.clock())), reply),
  );
  return app;
}

type WireRequest = FastifyRequest<{
  Params: { tenant?: string };
  Querystring: Readonly<Record<string, string | string[] | undefined>>;
}>;

function answerTo(exchange: ServiceCall, handler: Handler, faults: Faults): ServiceAnswer {
  const effect = faults.next(exchange.hop);
  if (effect === undefined) return handler(exchange);
  return 'twist' in effect ? handler(exchange, effect.twist) : effect.answer(exchange);
}

function exchangeOf(hop: ServiceHop, request: WireRequest, at: Date): ServiceCall {
  const id = request.headers['client-request-id'] ?? request.query['client-request-id'];
  return {
    hop,
    at,
    site: siteAt(request.socket.localPort!),
    tenant: request.params.tenant ?? '',
    headers: request.headers,
    body: typeof request.body === 'string' ? request.body : '',
    clientRequestId: typeof id === 'string' ? id : '',
  };
}

function send(answer: ServiceAnswer, reply: FastifyReply): FastifyReply {
  if (answer.kind === 'reply') return reply.code(answer.status).headers(answer.headers).send(answer.body);
  reply.hijack();
  if (answer.kind === 'disconnect') reply.raw.destroy();
  return reply;
}
