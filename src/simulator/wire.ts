/** The HTTP routes of Entra, Graph and Intune, and the steps of every call: fault, answer, record. */
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock, Logger } from '../core/environment.ts';
import type { CallList } from './calls.ts';
import { keys, openid, token } from './entra.ts';
import { ACTIONS, type ServiceAnswer, type ServiceCall, type ServiceHandler, type ServiceHop } from './service-call.ts';
import type { Faults } from './injected-faults.ts';
import { DISCOVERY_PATH, discovery } from './graph.ts';
import { scepAction } from './scep-action-routes.ts';
import { siteAt, VALIDATION_PATH } from './site.ts';
import type { SimulatorState } from './state.ts';
import type { TlsCredential } from './throwaway-ca.ts';
import type { TokenAuthority } from './tokens.ts';
import type { Validation } from './validation.ts';

/** What the routes operate on. */
export type SimulatedServices = {
  state: SimulatorState;
  tokens: TokenAuthority;
  validation: Validation;
  faults: Faults;
  calls: CallList;
  clock: Clock;
  logger: Logger | undefined;
};

type Route = { hop: ServiceHop; method: 'GET' | 'POST'; url: string; handler: ServiceHandler };

const routes = ({ state, tokens, validation }: SimulatedServices): readonly Route[] => [
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

/** The services over HTTPS. The caller starts to listen. */
export function wireApp({ key, certificate }: TlsCredential, services: SimulatedServices) {
  const app = Fastify({ https: { key, cert: certificate } });
  // Every body is text, so that a service answers a wrong one with its own error, and the call is recorded.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  for (const { hop, method, url, handler } of routes(services))
    app.route({
      method,
      url,
      handler: (request: WireRequest, reply: FastifyReply) => {
        const call = serviceCall(hop, request, services.clock());
        const answer = answerTo(call, handler, services.faults);
        const { code, status } = services.calls.record(call, answer);
        services.logger?.debug({ hop, code, status }, 'simulated call');
        return send(answer, reply);
      },
    });
  app.get('/:tenant/discovery/v2.0/keys', (request: WireRequest, reply) =>
    // Not a hop: openndes does not fetch the keys, but a test that verifies a token does.
    send(keys(services.state, services.tokens)(serviceCall('openid', request, services.clock())), reply),
  );
  return app;
}

type WireRequest = FastifyRequest<{
  Params: { tenant?: string };
  Querystring: Readonly<Record<string, string | string[] | undefined>>;
}>;

function answerTo(call: ServiceCall, handler: ServiceHandler, faults: Faults): ServiceAnswer {
  const effect = faults.next(call.hop);
  if (effect === undefined) return handler(call);
  return 'responseFault' in effect ? handler(call, effect.responseFault) : effect.answer(call);
}

function serviceCall(hop: ServiceHop, request: WireRequest, at: Date): ServiceCall {
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
