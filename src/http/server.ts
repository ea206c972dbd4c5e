/** A fastify server with the settings that SCEP clients need, health probes, and an end that always comes. */
import Fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from '../core/contracts.ts';
import { type ScepPluginOptions, scepPlugin } from './plugin.ts';

/** One thing that must work for the server to be ready. Throws when it does not. */
export type Probe = { name: string; check: () => Promise<void> };

export type HttpOptions = ScepPluginOptions & {
  trustProxy?: readonly string[];
  tls?: { certificate: string; key: string };
  probes?: readonly Probe[];
  /** Milliseconds that running requests get when the server closes; then their sockets are closed. */
  grace?: number;
};

/** Request line and headers: Intune challenges make GETs of 40 KB, and NDES takes 64. Node's default answers 431. */
const MAX_HEADER_SIZE = 128 * 1024;
const GRACE = 10_000;

/** The server, not yet listening. `close()` finishes running requests and is not held open by idle sockets. */
export async function httpServer(options: HttpOptions): Promise<FastifyInstance> {
  const { trustProxy, tls, probes = [], grace = GRACE, ...scep } = options;
  // Cisco and sscep speak HTTP/1.0 without Host. TLS 1.2 stays on: the SCEP client of Windows knows no other.
  const http = {
    maxHeaderSize: MAX_HEADER_SIZE,
    requireHostHeader: false,
    headersTimeout: 15_000,
    connectionsCheckingInterval: 2_000,
  };
  const app: FastifyInstance = Fastify({
    ...(tls ? { https: { ...http, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' as const } } : { http }),
    requestTimeout: 30_000,
    routerOptions: {
      caseSensitive: false,
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      maxParamLength: 1024,
    },
    ...(trustProxy && { trustProxy: [...trustProxy] }),
    return503OnClosing: false,
  }) as unknown as FastifyInstance;
  // A socket that never sends a byte would keep close() waiting for ever.
  app.addHook('preClose', async () => {
    app.server.closeIdleConnections();
    setTimeout(() => app.server.closeAllConnections(), grace).unref();
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).header('content-type', 'text/plain').send(Buffer.from('not found')),
  );
  app.get('/healthz', (_request, reply) => reply.send({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const results = await Promise.all(probes.map((probe) => runProbe(probe, options.logger)));
    return reply
      .code(results.every(({ ok }) => ok) ? 200 : 503)
      .send(Object.fromEntries(results.map(({ name, ok }) => [name, ok ? 'ok' : 'failed'])));
  });
  await app.register(scepPlugin, scep);
  return app;
}

async function runProbe({ name, check }: Probe, logger: Logger): Promise<{ name: string; ok: boolean }> {
  try {
    await check();
    return { name, ok: true };
  } catch (err) {
    // The reason may name hosts and files: it goes to the log, and the public learns only that it failed.
    logger.error({ probe: name, err }, 'not ready');
    return { name, ok: false };
  }
}
