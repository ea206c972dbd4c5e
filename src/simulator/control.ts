/** The control API of the simulator (docs/simulator.md) over HTTP. */
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { ControlError } from './control-error.ts';
import { controlPage, PAGE_POLICY } from './page.ts';

/** One request of the API. A result of undefined, or a promise of it, is HTTP 204. `handle` throws ControlError for what is not valid. */
export type ControlRoute = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With a parameter as `:id`. */
  path: string;
  handle: (request: { body: unknown; id: string }) => unknown;
};

/**
 * Host headers of loopback. Another Host means DNS rebinding: a web page whose name was pointed at this address, which
 * could then read challenges.
 */
const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/** The application with its page, which names the tenant. The caller starts to listen. */
export function controlApp(routes: readonly ControlRoute[], tenant: string): FastifyInstance {
  const app = Fastify({ bodyLimit: BODY_LIMIT });
  // JSON only: a page of another origin needs a CORS preflight to send it, and the preflight is not granted.
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', (request, reply, done) => {
    if (LOOPBACK_HOST.test(request.headers.host ?? '')) return done();
    void reply.code(403).send({ error: 'The control API accepts only the hosts localhost, 127.0.0.1 and [::1].' });
  });
  app.setErrorHandler((error, _request, reply) => reply.code(statusOf(error)).send({ error: messageOf(error) }));
  const known = routes.map(({ method, path }) => `${method} ${path.replace(':id', '{id}')}`).join(', ');
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: `Unknown path. The API has ${known}.` }));
  app.get('/', (_request, reply) => reply.headers(PAGE_POLICY).type('text/html').send(controlPage(tenant)));
  for (const { method, path, handle } of routes)
    app.route({
      method,
      url: path,
      handler: async (request: FastifyRequest<{ Params: { id?: string } }>, reply) => {
        const result = await handle({ body: request.body, id: request.params.id ?? '' });
        return result === undefined ? reply.code(204).send() : reply.send(result);
      },
    });
  return app;
}

/** Enough for the 10,000 devices of a large test, octets. */
const BODY_LIMIT = 16 * 1024 * 1024;

/** 400 for a ControlError, fastify's own status for a body that it cannot parse, else 500. */
function statusOf(error: unknown): number {
  if (error instanceof ControlError) return 400;
  return error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
