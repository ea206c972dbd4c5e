/** A fastify server with the settings that SCEP clients need, health probes, and a shutdown that cannot hang. */
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { normalizeForwardedFor } from '../core/address.ts';
import { endpointsProbe, type Probe, runProbes } from '../core/probe.ts';
import { allow } from './allow.ts';
import { crlPlugin, type RevocationLists } from './crl-route.ts';
import { startPage } from './start-page.ts';
import { boundServer } from './unanswered.ts';
import { unserved } from './unserved.ts';
import { type ScepPluginOptions, scepPlugin } from './plugin.ts';

/** Options of the server. `tls`: PEM. */
export type HttpOptions = ScepPluginOptions & {
  trustProxy?: readonly string[];
  tls?: { certificate: string; key: string };
  probes?: readonly Probe[];
  /** Served at `/crl/<name>.crl`. */
  crls?: RevocationLists;
  /** Milliseconds that running requests get when the server closes; then their sockets are destroyed. */
  grace?: number;
  /** Connections beyond which those without a request are closed. */
  mostSockets?: number;
};

/** Octets of request line and headers: Intune challenges make GETs of 40 KB, and NDES accepts 64 KB. Node's default, 16 KB, would answer 431. */
const MAX_HEADER_SIZE = 128 * 1024;
/** Connections. Beyond these, the ones that wait for a next request are closed: a device opens another when it needs it. */
const MOST_SOCKETS = 4_096;
const CLOSED_EVERY = 100;
const GRACE = 10_000;
const HANDSHAKE_TIMEOUT = 15_000;
/** Milliseconds without an octet in either direction: longer than any request takes, so that its client does not read. */
const STALLED = 240_000;

/**
 * The server, not yet listening. `close()` finishes running requests and does not wait for idle sockets. Throws
 * TypeError when two services have the same path.
 */
export async function httpServer(options: HttpOptions): Promise<FastifyInstance> {
  const {
    trustProxy,
    tls,
    probes = [],
    crls = new Map(),
    grace = GRACE,
    mostSockets = MOST_SOCKETS,
    ...scep
  } = options;
  // Cisco and sscep use HTTP/1.0 without Host. TLS 1.2 is allowed: the SCEP client of Windows supports no later one.
  const http = {
    maxHeaderSize: MAX_HEADER_SIZE,
    requireHostHeader: false,
    headersTimeout: 15_000,
    connectionsCheckingInterval: 2_000,
  };
  const app: FastifyInstance = Fastify({
    ...(tls ? { https: { ...http, ...tlsOptions(tls) } } : { http }),
    requestTimeout: 30_000,
    keepAliveTimeout: 10_000,
    connectionTimeout: STALLED,
    routerOptions: {
      caseSensitive: false,
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      maxParamLength: 1024,
    },
    ...(trustProxy && { trustProxy: [...trustProxy] }),
    return503OnClosing: false,
    frameworkErrors: (_error, _request, reply) => void plain(reply, 400, 'bad request'),
  });
  boundServer(app);
  if (trustProxy) app.addHook('onRequest', async ({ raw }) => normalizeForwardedFor(raw.headers));
  closeInTime(app, { grace, mostSockets });
  const { emit, clock } = options;
  const paths = options.services.map(({ path }) => path);
  const { wrongPath, unreadable } = unserved({ emit, clock, paths, limit: MAX_HEADER_SIZE });
  // Before fastify answers with 431 or 400 and closes the socket, which then has no address.
  app.server.prependListener('clientError', unreadable);
  app.setNotFoundHandler((request, reply) => {
    wrongPath(request);
    return plain(reply, 404, 'not found');
  });
  app.get('/', (_request, reply) =>
    reply.headers(startPage.headers).header('content-type', 'text/html').send(startPage.body),
  );
  const all = [...probes, endpointsProbe(() => scep.services.map(serving))];
  app.get('/healthz', (_request, reply) => reply.send({ status: 'ok' }));
  const checked = onceIn(PROBED_EVERY, () => runProbes(all, options.emit));
  app.get('/readyz', async (_request, reply) => {
    const ready = (await checked()).every(({ reason }) => reason === undefined);
    // What failed is in the events and on the administrator's listener.
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'failed' });
  });
  // HAProxy asks for `OPTIONS /` unless it is told otherwise.
  for (const url of ['/', '/healthz', '/readyz'])
    app.options(url, (_request, reply) => allow(reply, 'GET, HEAD, OPTIONS'));
  await app.register(crlPlugin, { crls, emit: options.emit });
  await app.register(scepPlugin, scep);
  return app;
}

/** Milliseconds. A probe writes to the store, and anyone may ask. */
const PROBED_EVERY = 1_000;

/** The work of the last `ms` milliseconds: it runs once in that time, however often it is asked for. */
function onceIn<T>(ms: number, work: () => Promise<T>): () => Promise<T> {
  let recent: Promise<T> | undefined;
  return () => {
    if (!recent) setTimeout(() => (recent = undefined), ms).unref();
    return (recent ??= work());
  };
}

const serving = ({ name, cannotServe }: ScepPluginOptions['services'][number]) => ({ name, reason: cannotServe() });

const tlsOptions = ({ certificate, key }: NonNullable<HttpOptions['tls']>) => ({
  cert: certificate,
  key,
  minVersion: 'TLSv1.2' as const,
  handshakeTimeout: HANDSHAKE_TIMEOUT,
});

/** Text without charset: every client accepts it, and Windows does not show bodies to its user anyway. */
const plain = (reply: Pick<FastifyReply, 'code'>, status: number, text: string): FastifyReply =>
  reply.code(status).header('content-type', 'text/plain').send(Buffer.from(text));

/**
 * Connections that wait for a next request are closed beyond `mostSockets` connections. Shutdown cannot hang: running
 * requests finish, idle sockets close, and after `grace` milliseconds the rest is destroyed.
 */
function closeInTime(app: FastifyInstance, { grace, mostSockets }: { grace: number; mostSockets: number }): void {
  let closing = false;
  // Also those in the middle of a TLS handshake, which the server does not count as connections yet.
  const sockets = new Set<Socket>();
  const closeIdle = onceIn(CLOSED_EVERY, async () => app.server.closeIdleConnections());
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    if (sockets.size > mostSockets) void closeIdle();
    socket.once('close', () => sockets.delete(socket));
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) void reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('preClose', async () => {
    closing = true;
    const idle = setInterval(() => app.server.closeIdleConnections(), 200).unref();
    app.server.once('close', () => clearInterval(idle)).closeIdleConnections();
    setTimeout(() => sockets.forEach((socket) => socket.destroy()), grace).unref();
  });
}
