/** The control API of the simulator, for tests and for people: mints challenges, shows calls, sets faults. */
import Fastify, { type FastifyInstance } from 'fastify';
import type { CallList } from './calls.ts';
import { ControlError } from './control-error.ts';
import type { Faults } from './injected-faults.ts';
import { controlPage, PAGE_POLICY } from './page.ts';

export type Controls = {
  mint: (expectation: unknown) => string;
  calls: CallList;
  faults: Faults;
  /** The tenant's name, for the page. */
  tenant: string;
};

/**
 * A Host that is loopback by name. Any other comes from a page in a browser whose own name was made to point here
 * (DNS rebinding), and that page would get at the challenges.
 */
const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/** The application; the caller listens. */
export function controlApp({ mint, calls, faults, tenant }: Controls): FastifyInstance {
  const app = Fastify();
  // JSON alone: a foreign page cannot send it without asking first, and is not answered when it asks.
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', (request, reply, done) => {
    if (LOOPBACK_HOST.test(request.headers.host ?? '')) return done();
    void reply.code(403).send({ error: 'The control API answers to localhost and 127.0.0.1 alone.' });
  });
  app.setErrorHandler((error, _request, reply) => reply.code(statusOf(error)).send({ error: wordsOf(error) }));
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: 'There are POST /challenges, GET and DELETE /calls, GET, POST and DELETE /faults.' }),
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

/** 400 for a wish that cannot be followed; fastify's own for a body that it cannot read; 500 for a fault of ours. */
function statusOf(error: unknown): number {
  if (error instanceof ControlError) return 400;
  return error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
