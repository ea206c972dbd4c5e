/** The control API of the simulator (docs/simulator.md): creates challenges, shows calls, sets faults. */
import Fastify, { type FastifyInstance } from 'fastify';
import type { CallList } from './calls.ts';
import { ControlError } from './control-error.ts';
import type { Faults } from './injected-faults.ts';
import { controlPage, PAGE_POLICY } from './page.ts';

/** What the API operates on. */
export type ControlServices = {
  /** A challenge, base64. Throws ControlError for an expectation that is not valid. */
  mint: (expectation: unknown) => string;
  calls: CallList;
  faults: Faults;
  /** The tenant's name, for the page. */
  tenant: string;
};

/**
 * Host headers of loopback. Another Host means DNS rebinding: a web page whose name was pointed at this address, which
 * could then read challenges.
 */
const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/** The application. The caller starts to listen. */
export function controlApp({ mint, calls, faults, tenant }: ControlServices): FastifyInstance {
  const app = Fastify();
  // JSON only: a page of another origin needs a CORS preflight to send it, and the preflight is not granted.
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', (request, reply, done) => {
    if (LOOPBACK_HOST.test(request.headers.host ?? '')) return done();
    void reply.code(403).send({ error: 'The control API accepts only the hosts localhost, 127.0.0.1 and [::1].' });
  });
  app.setErrorHandler((error, _request, reply) => reply.code(statusOf(error)).send({ error: messageOf(error) }));
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({
      error: 'Unknown path. The API has POST /challenges, GET and DELETE /calls, GET, POST and DELETE /faults.',
    }),
  );
  app.get('/', (_request, reply) => reply.headers(PAGE_POLICY).type('text/html').send(controlPage(tenant)));
  app.post('/challenges', (request) => ({ challenge: mint(request.body) }));
  app.get('/calls', () => calls.list());
  app.delete('/calls', (_request, reply) => {
    calls.clear();
    return reply.code(204).send();
  });
  app.get('/faults', () => faults.list());
  app.post('/faults', (request) => {
    faults.set(request.body);
    return faults.list();
  });
  app.delete('/faults', (_request, reply) => {
    faults.clear();
    return reply.code(204).send();
  });
  return app;
}

/** 400 for a ControlError, fastify's own status for a body that it cannot parse, else 500. */
function statusOf(error: unknown): number {
  if (error instanceof ControlError) return 400;
  return error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
