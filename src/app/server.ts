/** A configuration file to a running server. */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ConfigError } from '../core/errors.ts';
import type { Logger, Policy } from '../core/contracts.ts';
import type { Store } from '../core/store.ts';
import { type IntuneClient, intuneClient } from '../intune/client.ts';
import { intunePolicy } from '../policy/intune.ts';
import { staticPolicy } from '../policy/static.ts';
import type { Config, EndpointConfig } from './config/schema.ts';
import { createServer } from './embed.ts';
import type { EndpointOptions } from './enrolment.ts';
import { readFile, readPrivateFile } from './files.ts';
import { loadSettings, openStore, type Settings } from './settings.ts';
import { systemClock, systemLogger } from './system.ts';
import { VERSION } from './version.ts';

export type RunningServer = { urls: string[]; close(): Promise<void> };

/** Loads, starts and listens. Throws ConfigError, and whatever `listen` throws. `close()` finishes running requests. */
export async function startServer(file: string, { logLevel }: { logLevel?: string } = {}): Promise<RunningServer> {
  const { settings, warnings } = loadSettings(file);
  const logger = systemLogger(logLevel ?? settings.config.log.level);
  for (const warning of warnings) logger.warn(warning);
  const store = await openStore(settings.config);
  const tenants = intuneClients(settings);
  try {
    const server = await assemble(settings, store, tenants, logger);
    return await listen(server, settings.config, () => release(store, tenants));
  } catch (error) {
    await release(store, tenants);
    throw error;
  }
}

async function release(store: Store, tenants: ReadonlyMap<string, IntuneClient>): Promise<void> {
  for (const client of tenants.values()) await client.close();
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
  tenants: ReadonlyMap<string, IntuneClient>,
  logger: Logger,
): Promise<FastifyInstance> {
  const { listen } = settings.config;
  const endpoints = await Promise.all(
    settings.config.endpoints.map((endpoint) => endpointOptions(endpoint, settings, tenants, logger)),
  );
  return createServer({
    endpoints,
    store,
    logger,
    ...(listen.trustProxy && { trustProxy: listen.trustProxy }),
    mostRunning: listen.mostRunning,
    bodyLimit: listen.bodyLimit,
    ...(listen.tls && { tls: tlsFiles(listen.tls) }),
    probes: [...tenants].map(([name, client]) => ({ name: `intune ${name}`, check: () => healthy(name, client) })),
  });
}

async function healthy(name: string, client: IntuneClient): Promise<void> {
  const { ok, detail } = client.health();
  if (!ok) throw new Error(`tenant ${name}: ${detail}`);
}

const tlsFiles = ({ certificate, key }: { certificate: string; key: string }) => ({
  certificate: readFile(certificate, 'the TLS certificate').toString(),
  key: readPrivateFile(key, 'the TLS key').toString(),
});

async function endpointOptions(
  endpoint: EndpointConfig,
  { config, authorities }: Settings,
  tenants: ReadonlyMap<string, IntuneClient>,
  logger: Logger,
): Promise<EndpointOptions> {
  const { path, legacy, requireSignerKeyMatch, retention, signingTime } = endpoint;
  const { authority } = authorities.get(endpoint.authority)!;
  return {
    path,
    policy: policyOf(endpoint, tenants),
    issuer: authority.issuer(config.profiles[endpoint.profile]!),
    ra: await authority.ra(logger),
    chain: authority.chain,
    legacy,
    requireSignerKeyMatch,
    retention,
    signingTime,
  };
}

function policyOf({ policy }: EndpointConfig, tenants: ReadonlyMap<string, IntuneClient>): Policy {
  if (policy.kind === 'static') return staticPolicy(policy);
  const { tenant, notify, onUnreachable } = policy;
  return intunePolicy({ client: tenants.get(tenant)!, notify, onUnreachable });
}

async function listen(server: FastifyInstance, config: Config, released: () => Promise<void>): Promise<RunningServer> {
  const { host, port, tls } = config.listen;
  try {
    await server.listen({ host, port });
  } catch (cause) {
    await server.close();
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new ConfigError(
        `${host}:${port} is in use by another program`,
        'Stop it, or choose another `listen.port`.',
        { cause },
      );
    throw cause;
  }
  const bound = (server.server.address() as AddressInfo).port;
  const origin = config.publicUrl ?? `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${bound}`;
  return {
    urls: config.endpoints.map(({ path }) => `${origin.replace(/\/$/, '')}${path}`),
    close: async () => {
      await server.close();
      await released();
    },
  };
}
