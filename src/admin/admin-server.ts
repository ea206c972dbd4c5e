/** The administrator's listener: the pages and the API that must not be reachable from the devices' network. */
import Fastify, { type FastifyInstance } from 'fastify';
import { normalizeForwardedFor } from '../core/address.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { Access } from '../access/access-checks.ts';
import type { Authenticate } from '../access/basic-authentication.ts';
import { challengeApi } from './api.ts';
import { oidcRoutes } from './oidc-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import type { Belonging } from '../core/access.ts';
import { adminStartPage } from './admin-start-page.ts';
import { readiness, type ReadinessOptions } from './readiness.ts';
import { type AdminPage, ndesPages } from './ndes-plugin.ts';

/** What the listener serves. */
export type AdminOptions = {
  /** One for each endpoint with one-time passwords. */
  pages: readonly AdminPage[];
  /** Without it there are no pages, and the API takes tokens alone. */
  authenticate?: Authenticate;
  /** Without it nobody logs in. The API of one-time passwords is there when it knows tokens. */
  access?: Access;
  /** Where an endpoint belongs, by its name, one place for each tenant; to itself alone when absent. */
  belongingOf?: (endpoint: string) => readonly Belonging[];
  /** Without it there is no `/readyz`. */
  readiness?: Pick<ReadinessOptions, 'probes' | 'load' | 'detail' | 'store'>;
  /** The networks of proxies whose `X-Forwarded-For` is trusted. */
  trustProxy?: readonly string[];
  /** PEM. Without it plain HTTP. `clientCa`: clients are asked for a certificate. */
  tls?: { certificate: string; key: string; clientCa?: string };
  clock: Clock;
  emit: Emit;
};

/** The server, not yet listening. */
export async function adminServer(options: AdminOptions): Promise<FastifyInstance> {
  const { pages, authenticate, access, trustProxy, clock, emit } = options;
  const { belongingOf = (endpoint) => [{ endpoint }] } = options;
  const app: FastifyInstance = Fastify({
    requestTimeout: 30_000,
    routerOptions: {
      caseSensitive: false,
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      maxParamLength: 20_000,
    },
    // The schemas of the API refuse what they do not know.
    ajv: { customOptions: { removeAdditional: false } },
    bodyLimit: 64 * 1024,
    ...(trustProxy && { trustProxy: [...trustProxy] }),
    ...(options.tls && { https: secured(options.tls) }),
    // Shutdown does not wait for clients of this listener.
    forceCloseConnections: true,
  });
  if (trustProxy) app.addHook('onRequest', async ({ raw }) => normalizeForwardedFor(raw.headers));
  app.get('/', (_request, reply) =>
    reply.headers(adminStartPage.headers).send(adminStartPage.body(pages, authenticate !== undefined)),
  );
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: 'not_found', message: 'There is nothing at this path.' }),
  );
  if (options.readiness) await app.register(readiness, { ...options.readiness, clock, emit });
  if (authenticate) await app.register(ndesPages, { pages, authenticate, emit });
  if (access) await app.register(sessionRoutes, { access });
  if (access) await app.register(oidcRoutes, { access });
  if (access?.hasTokens)
    await app.register(challengeApi, {
      issuers: pages.map(({ issuer }) => issuer),
      belongingOf,
      access,
      ...(authenticate && { authenticate }),
      emit,
    });
  return app;
}

/** A client without a certificate, or with one of another CA, is answered too: what it may do is decided later. */
const secured = ({ certificate, key, clientCa }: NonNullable<AdminOptions['tls']>) => ({
  cert: certificate,
  key,
  minVersion: 'TLSv1.2' as const,
  ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
});
