/** Starts the server that a configuration file describes. */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { EndpointConfig } from '../config/endpoints.ts';
import { challengeParties } from '../config/challenge-parties.ts';
import type { Config } from '../config/schema.ts';
import { defined } from '../core/defined.ts';
import type { Logger } from '../core/environment.ts';
import type { Probe } from '../core/probe.ts';
import type { IssuerStore, Store } from '../core/store.ts';
import { createServer } from '../embed/embed.ts';
import type { EndpointOptions } from '../embed/enrollment.ts';
import type { Emit } from '../core/events.ts';
import { logEvents } from '../embed/log-events.ts';
import { systemClock, systemLogger } from '../embed/system.ts';
import { type IntuneClient, intuneClient } from '../intune/client.ts';
import type { RevocationList } from '../revocation/revocation-list.ts';
import { issuerIdentity } from '../pkix/issuer-id.ts';
import { administration } from './administration.ts';
import type { KeyRing } from './key-ring.ts';
import { type ListenKey, listenFault } from './listen-place.ts';
import { assertTlsVerified } from './process-environment.ts';
import { type PolicyServices, policyOf } from './policy-makers.ts';
import { claimStore } from './configured-store.ts';
import { type LoadedEndpoint, loadSettings, type Settings } from './settings.ts';
import { VERSION } from './version.ts';

/** `adminUrl`: the URL of the administrator's listener, if there is one. */
export type RunningServer = { urls: string[]; adminUrl?: string; emit: Emit; close(): Promise<void> };

/** `logLevel` replaces that of the file. `keys` opens the keys; a new ring when absent. */
export type StartOptions = { logLevel?: string; keys?: KeyRing };

/** What the endpoints of one server share. */
type Shared = PolicyServices & {
  settings: Settings;
  store: Store;
  logger: Logger;
  crls: ReadonlyMap<string, RevocationList>;
  clients: ReadonlyMap<string, IntuneClient>;
};

/**
 * Loads, starts and listens. Throws ConfigError, and the errors of `listen`. `close()` finishes running requests, then
 * closes connections, store and keys.
 */
export async function startServer(file: string, { logLevel, keys }: StartOptions = {}): Promise<RunningServer> {
  assertTlsVerified();
  const { settings, warnings } = await loadSettings(file, keys);
  // In the order of opening; closed in the reverse order.
  const closing: PolicyServices['closing'] = [settings.close];
  const close = async (): Promise<void> => {
    for (const each of closing.splice(0).toReversed()) await each();
  };
  try {
    const logger = systemLogger(logLevel ?? settings.config.log.level);
    const emit = logEvents(logger);
    for (const warning of warnings) emit({ event: 'configuration-warning', warning });
    const store = await claimStore(settings.config, (message) => logger.warn({}, message));
    closing.push(() => store.close());
    await registerIssuers(settings, store);
    const servers: FastifyInstance[] = [];
    const shared = sharedServices({ settings, store, logger, emit, closing });
    const endpoints = await Promise.all(settings.endpoints.map((each) => endpointOptions(each, shared)));
    closing.push(async () => void (await Promise.all(servers.map((server) => server.close()))));
    const server = await publicServer(endpoints, shared);
    servers.push(server);
    const admin = await administration({ settings, store, emit, probes: allProbes(shared), publicServer: server });
    if (admin) servers.push(admin);
    return { ...(await listenBoth(server, admin, settings.config)), emit, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function sharedServices({
  settings,
  ...rest
}: Pick<Shared, 'settings' | 'store' | 'logger' | 'emit' | 'closing'>): Shared {
  const clients = new Map<string, IntuneClient>();
  const clientOf: Shared['intuneClient'] = ({ name, value }) => {
    const client = clients.get(name) ?? newIntuneClient(value);
    if (!clients.has(name)) rest.closing.push(() => client.close());
    clients.set(name, client);
    return client;
  };
  // A tenant that no endpoint uses has its readiness check too.
  for (const [name, value] of Object.entries(settings.config.tenants)) clientOf({ name, value });
  return { settings, ...rest, clients, intuneClient: clientOf, crls: revocationLists(settings, rest.store) };
}

const newIntuneClient = (tenant: Config['tenants'][string]): IntuneClient =>
  intuneClient({ ...tenant, clock: systemClock, uuid: randomUUID, callerInfo: `openndes/${VERSION}` });

/** Before any request, so that certificates of earlier versions have their issuer. */
async function registerIssuers({ authorities }: Settings, store: IssuerStore): Promise<void> {
  for (const { name, authority } of authorities.values())
    await store.registerIssuer({ ...issuerIdentity(authority.certificate), authority: name });
}

/** One for each authority that may sign revocation lists, shared by its endpoints and its URL. */
const revocationLists = ({ authorities }: Settings, store: Store): Map<string, RevocationList> =>
  new Map(
    [...authorities.values()].flatMap(({ name, authority }) => {
      const crl = authority.crl(store);
      return crl ? [[name, crl] as const] : [];
    }),
  );

/** What of an endpoint is not passed on: it is resolved here, or serves the administrator's page. */
type Resolved = 'authority' | 'profile' | 'policy' | 'adminPage';
/** The settings, passed on as they are. Compiles only while each is a setting of `EndpointOptions` too. */
type PassedOn = Pick<EndpointOptions, Exclude<keyof EndpointConfig, Resolved>>;

async function endpointOptions(
  { config, authority, issuer }: LoadedEndpoint,
  shared: Shared,
): Promise<EndpointOptions> {
  const { policy, authority: named, profile, adminPage: _, ...rest } = config;
  const settings: PassedOn = rest;
  const { renewBefore, maxLifetime } = profile.value;
  return {
    ...settings,
    policy: await policyOf(policy, shared),
    issuer,
    ra: await authority.ra(shared.emit, challengeParties(policy)),
    chain: authority.chain,
    ...defined({ renewBefore, maxLifetime, next: authority.next, crl: shared.crls.get(named.name) }),
  };
}

function publicServer(endpoints: EndpointOptions[], { settings, store, logger, crls, clients }: Shared) {
  const { trustProxy, mostRunning, bodyLimit } = settings.config.listen;
  const { tls } = settings;
  return createServer({
    endpoints,
    store,
    logger,
    crls,
    mostRunning,
    bodyLimit,
    probes: tenantProbes(clients),
    ...defined({ trustProxy, tls }),
  });
}

/** Those of the public server, which has one for the store by itself. */
const allProbes = ({ store, clients }: Shared): Probe[] => [
  { name: 'store', check: () => store.check() },
  ...tenantProbes(clients),
];

const tenantProbes = (clients: Shared['clients']): Probe[] =>
  [...clients].map(([name, client]) => ({ name: `intune ${name}`, check: () => healthy(name, client) }));

async function healthy(name: string, client: IntuneClient): Promise<void> {
  const { ok, detail } = client.health();
  if (!ok) throw new Error(`tenant ${name}: ${detail}`);
}

async function listenBoth(
  server: FastifyInstance,
  admin: FastifyInstance | undefined,
  { listen: at, admin: adminAt, publicUrl, endpoints }: Config,
): Promise<Pick<RunningServer, 'urls' | 'adminUrl'>> {
  // The administrator's listener first: when the public one answers, everything is running.
  const adminOrigin = admin && adminAt && (await listen(admin, adminAt, 'admin.port'));
  const origin = await listen(server, at, 'listen.port');
  const url = publicUrl ?? `${at.tls ? 'https' : 'http'}://${origin}`;
  return {
    urls: endpoints.map(({ path }) => `${url.replace(/\/$/, '')}${path}`),
    ...defined({ adminUrl: adminOrigin === undefined ? undefined : `http://${adminOrigin}` }),
  };
}

/** Returns host and port as a URL writes them. */
async function listen(
  server: FastifyInstance,
  { host, port }: { host: string; port: number },
  key: ListenKey,
): Promise<string> {
  try {
    // For `localhost` fastify opens a second listener, which `close()` does not wait for.
    await server.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port });
  } catch (cause) {
    throw listenFault({ host, port }, key, cause);
  }
  const bound = (server.server.address() as AddressInfo).port;
  return `${host.includes(':') ? `[${host}]` : host}:${bound}`;
}
