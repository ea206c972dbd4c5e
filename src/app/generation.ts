/** What one loading of the configuration makes: endpoints, policies, lists and servers. A reload makes the next one. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { EndpointConfig } from '../config/endpoints.ts';
import { challengeParties } from '../config/challenge-parties.ts';
import type { Config } from '../config/schema.ts';
import { defined } from '../core/defined.ts';
import type { Logger } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { Probe } from '../core/probe.ts';
import type { IssuerStore, Store } from '../core/store.ts';
import { type AssembledServer, assembleServer } from '../embed/embed.ts';
import type { EndpointOptions } from '../embed/enrollment.ts';
import { logEvents } from '../embed/log-events.ts';
import { systemClock, systemLogger } from '../embed/system.ts';
import { type IntuneClient, intuneClient } from '../intune/client.ts';
import type { RevocationList } from '../revocation/revocation-list.ts';
import { issuerIdentity } from '../pkix/issuer-id.ts';
import { administration } from './administration.ts';
import { type PolicyServices, policyOf } from './policy-makers.ts';
import { listsOf, type LoadedEndpoint, type Settings } from './settings.ts';
import { VERSION } from './version.ts';

/** Its servers do not listen yet. `close` ends the background work and closes policies, tenants and keys; not the store. */
export type Generation = {
  settings: Settings;
  emit: Emit;
  server: FastifyInstance;
  admin?: FastifyInstance;
  close: () => Promise<void>;
};

/** `logLevel` replaces that of the file. */
export type GenerationParts = { settings: Settings; warnings: readonly string[]; store: Store; logLevel?: string };

/** What the endpoints of one server share. */
type Shared = PolicyServices & {
  settings: Settings;
  store: Store;
  logger: Logger;
  crls: ReadonlyMap<string, RevocationList>;
  clients: ReadonlyMap<string, IntuneClient>;
};

/** Throws ConfigError, with everything closed again that was opened, the keys of the settings too. */
export async function makeGeneration({ settings, warnings, store, logLevel }: GenerationParts): Promise<Generation> {
  // In the order of opening; closed in the reverse order.
  const closing: PolicyServices['closing'] = [settings.close];
  const close = async (): Promise<void> => {
    for (const each of closing.splice(0).toReversed()) await each();
  };
  try {
    const logger = systemLogger(logLevel ?? settings.config.log.level);
    const emit = logEvents(logger);
    for (const warning of warnings) emit({ event: 'configuration-warning', warning });
    await registerIssuers(settings, store);
    const shared = sharedServices({ settings, store, logger, emit, closing });
    const endpoints = await Promise.all(settings.endpoints.map((each) => endpointOptions(each, shared)));
    const { server, retire } = await publicServer(endpoints, shared);
    closing.push(retire);
    const probes = allProbes(shared);
    const admin = await administration({ settings, store, emit, probes, publicServer: server });
    return { settings, emit, server, close, ...defined({ admin }) };
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

/** One for each CA that may sign revocation lists, shared by its endpoints and its URL. */
const revocationLists = ({ authorities }: Settings, store: Store): Map<string, RevocationList> =>
  new Map(
    [...listsOf(authorities)].flatMap(([name, { crl }]) => {
      const list = crl(store);
      return list ? [[name, list] as const] : [];
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

function publicServer(
  endpoints: EndpointOptions[],
  { settings, store, logger, crls, clients }: Shared,
): Promise<AssembledServer> {
  const { trustProxy, mostRunning, bodyLimit } = settings.config.listen;
  const { tls } = settings;
  return assembleServer({
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
