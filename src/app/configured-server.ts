/** A configuration file to a running server. */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ConfigError } from '../core/errors.ts';
import type { Logger } from '../core/environment.ts';
import type { Store } from '../core/store.ts';
import { type IntuneClient, intuneClient } from '../intune/client.ts';
import { administration } from './administration.ts';
import type { Config, EndpointConfig } from '../config/schema.ts';
import type { RevocationList } from '../revocation/revocation-list.ts';
import { createServer } from '../embed/embed.ts';
import type { EndpointOptions } from '../embed/enrollment.ts';
import { type PolicyServices, policyOf } from './policy-makers.ts';
import { claimStore, loadSettings, type Settings } from './settings.ts';
import { systemClock, systemLogger } from '../embed/system.ts';
import { VERSION } from './version.ts';

/** `adminUrl`: where the administrator's listener is, if there is one. */
export type RunningServer = { urls: string[]; adminUrl?: string; close(): Promise<void> };

/** Loads, starts and listens. Throws ConfigError, and whatever `listen` throws. `close()` finishes running requests. */
export async function startServer(file: string, { logLevel }: { logLevel?: string } = {}): Promise<RunningServer> {
  const { settings, warnings } = loadSettings(file);
  const logger = systemLogger(logLevel ?? settings.config.log.level);
  for (const warning of warnings) logger.warn(warning);
  const store = await claimStore(settings.config);
  const around: PolicyServices = { tenants: intuneClients(settings), closing: [], store, logger };
  let server: FastifyInstance | undefined;
  try {
    server = await assemble(settings, store, around, logger);
    const admin = await administration(settings, store, logger, server);
    return await serve(server, admin, settings.config, () => release(store, around));
  } catch (error) {
    await server?.close();
    await release(store, around);
    throw error;
  }
}

async function release(store: Store, { tenants, closing }: PolicyServices): Promise<void> {
  for (const client of tenants.values()) await client.close();
  for (const close of closing) await close();
  await store.close();
}

function intuneClients({ config }: Settings): Map<string, IntuneClient> {
  const common = { clock: systemClock, uuid: randomUUID, callerInfo: `openndes/${VERSION}` };
  return new Map(
    Object.entries(config.tenants).map(([name, tenant]) => [name, intuneClient({ ...tenant, ...common })]),
  );
}

async function assemble(
  settings: Settings,
  store: Store,
  around: PolicyServices,
  logger: Logger,
): Promise<FastifyInstance> {
  const { listen } = settings.config;
  const crls = revocationLists(settings, store);
  const endpoints = await Promise.all(
    settings.config.endpoints.map((endpoint) => endpointOptions(endpoint, settings, crls, around, logger)),
  );
  return createServer({
    endpoints,
    store,
    logger,
    crls,
    ...(listen.trustProxy && { trustProxy: listen.trustProxy }),
    mostRunning: listen.mostRunning,
    bodyLimit: listen.bodyLimit,
    ...(settings.tls && { tls: settings.tls }),
    probes: [...around.tenants].map(([name, client]) => ({
      name: `intune ${name}`,
      check: () => healthy(name, client),
    })),
  });
}

/** One for each authority, shared by its endpoints and its URL. */
const revocationLists = ({ authorities }: Settings, store: Store): Map<string, RevocationList> =>
  new Map(
    [...authorities.values()].flatMap(({ name, authority }) => {
      const crl = authority.crl(store);
      return crl ? [[name, crl] as const] : [];
    }),
  );

async function healthy(name: string, client: IntuneClient): Promise<void> {
  const { ok, detail } = client.health();
  if (!ok) throw new Error(`tenant ${name}: ${detail}`);
}

async function endpointOptions(
  endpoint: EndpointConfig,
  { config, authorities }: Settings,
  crls: ReadonlyMap<string, RevocationList>,
  around: PolicyServices,
  logger: Logger,
): Promise<EndpointOptions> {
  const { path, legacy, requireSignerKeyMatch, retention, signingTime, landing, renewal, approval } = endpoint;
  const { authority } = authorities.get(endpoint.authority)!;
  const crl = crls.get(endpoint.authority);
  const { renewBefore, ...profile } = config.profiles[endpoint.profile]!;
  return {
    path,
    policy: await policyOf(endpoint.policy, around),
    issuer: authority.issuer(profile),
    ra: await authority.ra(logger),
    chain: authority.chain,
    ...(authority.next && { next: authority.next }),
    ...(crl && { crl }),
    legacy,
    requireSignerKeyMatch,
    retention,
    signingTime,
    landing,
    renewal,
    ...(renewBefore !== undefined && { renewBefore }),
    ...(approval && { approval }),
  };
}

async function serve(
  server: FastifyInstance,
  admin: FastifyInstance | undefined,
  { listen: at, admin: adminAt, publicUrl, endpoints }: Config,
  released: () => Promise<void>,
): Promise<RunningServer> {
  const close = async (): Promise<void> => {
    await Promise.all([server.close(), admin?.close()]);
  };
  try {
    // The administrator's first: who sees the public one answer may rely on everything.
    const adminOrigin = admin && adminAt && (await listen(admin, adminAt, 'admin.port'));
    const origin = await listen(server, at, 'listen.port');
    const url = publicUrl ?? `${at.tls ? 'https' : 'http'}://${origin}`;
    return {
      urls: endpoints.map(({ path }) => `${url.replace(/\/$/, '')}${path}`),
      ...(adminOrigin !== undefined && { adminUrl: `http://${adminOrigin}` }),
      close: async () => {
        await close();
        await released();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Returns host and port as they stand in a URL. */
async function listen(
  server: FastifyInstance,
  { host, port }: { host: string; port: number },
  key: 'listen.port' | 'admin.port',
): Promise<string> {
  try {
    // For `localhost` fastify would open a second listener, which does not take part in the end of the server.
    await server.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new ConfigError(`${host}:${port} is in use by another program`, `Stop it, or choose another \`${key}\`.`, {
        cause,
      });
    throw cause;
  }
  const bound = (server.server.address() as AddressInfo).port;
  return `${host.includes(':') ? `[${host}]` : host}:${bound}`;
}
