/** A server for SCEP clients: the endpoints, revocation lists, health probes, and a shutdown that cannot hang. */
import type { FastifyInstance } from 'fastify';
import { normalizeForwardedFor } from '../core/address.ts';
import { endpointsProbe, type Probe, runProbes } from '../core/probe.ts';
import { aiaPlugin, type ServedCertificates } from './aia-route.ts';
import { allow } from './allow.ts';
import { crlPlugin, type RevocationLists } from './crl-route.ts';
import { type FetchKey, keyLinkPlugin } from './key-link-route.ts';
import { ocspPlugin, type OcspResponders } from './ocsp-route.ts';
import { startPage } from './start-page.ts';
import { boundServer } from './unanswered.ts';
import { plain, scepListener } from './scep-listener.ts';
import { wrongPaths } from './unserved.ts';
import { type ScepPluginOptions, scepPlugin } from './plugin.ts';

/** Options of the server. `tls`: PEM. */
export type HttpOptions = ScepPluginOptions & {
  trustProxy?: readonly string[];
  tls?: { certificate: string; key: string };
  probes?: readonly Probe[];
  /** Served at `/crl/<name>.crl`. */
  crls?: RevocationLists;
  /** Served at `/aia/<name>.cer`. */
  aia?: ServedCertificates;
  /** Served at `/ocsp/<name>`. */
  ocsp?: OcspResponders;
  /** Files with keys of people are fetched at `/pfx/`. */
  fetchKey?: FetchKey | undefined;
  /** Milliseconds that running requests get when the server closes; then their sockets are destroyed. */
  grace?: number;
  /** From its abort on `/readyz` answers 503, and each connection ends after its next answer. */
  stopping?: AbortSignal;
  /** Connections beyond which those without a request are closed. */
  mostSockets?: number;
};

const GRACE = 10_000;

/**
 * The server, not yet listening. `close()` finishes running requests and waits for no other connection. Throws
 * TypeError when two services have the same path.
 */
export async function httpServer(options: HttpOptions): Promise<FastifyInstance> {
  const {
    trustProxy,
    tls,
    probes = [],
    crls = new Map(),
    grace = GRACE,
    stopping,
    mostSockets,
    ocsp,
    fetchKey,
    aia = new Map(),
    ...scep
  } = options;
  const { emit, clock } = options;
  const app = scepListener({ trustProxy, tls, emit, clock, grace: () => grace, mostSockets });
  boundServer(app);
  if (trustProxy) app.addHook('onRequest', async ({ raw }) => normalizeForwardedFor(raw.headers));
  endConnections(app, stopping);
  const paths = options.services.map(({ path }) => path);
  const wrongPath = wrongPaths({ emit, clock, paths });
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
    if (stopping?.aborted) return reply.code(503).send({ status: 'stopping' });
    const ready = (await checked()).every(({ reason }) => reason === undefined);
    // What failed is in the events and on the administrator's listener.
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'failed' });
  });
  // HAProxy asks for `OPTIONS /` unless it is told otherwise.
  for (const url of ['/', '/healthz', '/readyz'])
    app.options(url, (_request, reply) => allow(reply, 'GET, HEAD, OPTIONS'));
  await app.register(crlPlugin, { crls, emit: options.emit });
  await app.register(aiaPlugin, { certificates: aia });
  if (fetchKey) await app.register(keyLinkPlugin, { fetch: fetchKey, emit, clock });
  if (ocsp) await app.register(ocspPlugin, { responders: ocsp, emit, clock });
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

/** A client that holds its connection would send its next request to a server that has ended. */
function endConnections(app: FastifyInstance, stopping: AbortSignal | undefined): void {
  let closing = false;
  app.addHook('preClose', async () => void (closing = true));
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (closing || stopping?.aborted) void reply.header('connection', 'close');
    done(null, payload);
  });
}
