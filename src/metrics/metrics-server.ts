/** The listener of Prometheus: `GET /metrics` and nothing else. */
import Fastify, { type FastifyInstance } from 'fastify';
import type { MetricsText } from './metrics.ts';

type Text = () => Promise<MetricsText>;

/** One route, for a listener of its own or for another one. */
export function metricsRoute(app: FastifyInstance, text: Text): void {
  app.get('/metrics', async (_request, reply) => {
    const { type, body } = await text();
    return reply.header('content-type', type).header('cache-control', 'no-store').send(body);
  });
}

/** The server, not yet listening. */
export function metricsServer(text: Text): FastifyInstance {
  const app = Fastify({ requestTimeout: 30_000, bodyLimit: 1024, forceCloseConnections: true });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).type('text/plain').send('The metrics are at /metrics.\n'),
  );
  metricsRoute(app, text);
  return app;
}
