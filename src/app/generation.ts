/** What one loading of the configuration makes: endpoints, policies, lists, watch and servers. A reload makes the next one. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Desk } from '../actions/action.ts';
import { defined } from '../core/defined.ts';
import type { Clock, Logger } from '../core/environment.ts';
import type { Emit, ServerEvent } from '../core/events.ts';
import type { IssuerStore, Store } from '../core/store.ts';
import { logEvents, subscribers } from '../embed/log-events.ts';
import { BACKGROUND_JOBS } from '../embed/background-jobs.ts';
import { type AssembledServer, assembleServer, loadOf } from '../embed/embed.ts';
import { storeWithin } from '../core/store-within.ts';
import { probeDeadline, systemClock } from '../embed/system.ts';
import { systemLogger } from '../embed/system-logger.ts';
import type { DiagnosableClient } from '../intune/client.ts';
import type { CallMade } from '../intune/told-exchange.ts';
import type { Job } from '../jobs/leased-job.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { SampleProbe } from '../metrics/samples.ts';
import type { Timeouts } from '../intune/retry.ts';
import { startJobs } from '../jobs/scheduler.ts';
import { issuerIdentity } from '../pkix/issuer-id.ts';
import { administration } from './administration.ts';
import { configuredMessages } from './configured-messages.ts';
import type { ConfiguredMessages } from './message-services.ts';
import { type ConditionWatch, conditionWatch } from './condition-watch.ts';
import { commandRevocationsJob } from './command-revocations-job.ts';
import { type ConditionParts, seenConditions } from './seen-conditions.ts';
import { auditChainJob } from './audit-chain-job.ts';
import { endedLinksJob } from './ended-links-job.ts';
import { headSeal } from './audit-key.ts';
import { credentialEnds } from './credential-ends.ts';
import { type EndpointThreads, endpointThreads, threadsFor } from './endpoint-threads.ts';
import { deskOf } from './desk-of.ts';
import { directoriesIn, directoryJob, endpointsWithout, type TenantDirectory } from './directory-jobs.ts';
import { clockReport } from './clock-difference.ts';
import { watchIssuers } from './issuer-watch.ts';
import { watchKeys } from './key-watch.ts';
import { beginAtZero, metricProbes } from './metric-probes.ts';
import { newIntuneClient } from './new-intune-client.ts';
import { type ServedOcsp, ocspResponders } from './ocsp-responders.ts';
import { oldRecordsJob } from './old-records-job.ts';
import { peopleJobs } from './people-job.ts';
import type { PolicyServices } from './policy-makers.ts';
import { revocationPoller } from './revocation-poller.ts';
import { readinessOf, threadsProbe } from './standings.ts';
import { type Endpoints, type EndpointServices, revokerOf, servedEndpoints } from './served-endpoints.ts';
import { fetchedKeys } from './fetched-keys.ts';
import { servedLists } from './served-lists.ts';
import { listsOf, previousLists } from './named-lists.ts';
import type { Settings } from './settings.ts';
import type { ToldCa } from '../enroll/endpoint.ts';
import { tenantWatch } from './tenant-watch.ts';
import { refreshRas } from './ra-keeper.ts';
import { oldAttemptsJob, startTracing, toldBoth } from './tracing.ts';
import { watch, type WatchParts } from './watch.ts';
import { watchedOf } from './watched-settings.ts';

/**
 * Its servers do not listen yet. `paths`: those of the endpoints that are served. `desk`: what actions of operators work on. `endJobs` ends the background work;
 * `close` does so too, and closes policies, tenants and keys; not the store.
 */
export type Generation = {
  settings: Settings;
  emit: Emit;
  server: FastifyInstance;
  admin?: FastifyInstance;
  paths: readonly string[];
  desk: Desk;
  /** What is looked at for the metrics. */
  metricProbes: readonly SampleProbe[];
  endJobs: () => Promise<void>;
  close: () => Promise<void>;
};

/**
 * `logLevel` replaces that of the file. `watchEvery`: milliseconds between two runs of the jobs that look at what ends
 * and at tenants; a minute when absent. `intuneTimes`: those of the clients of tenants that are not as usual. `part`: it is enough when one endpoint can be served.
 * `stopping`: as in `ServerOptions`.
 */
export type GenerationParts = {
  /** Where the configuration was read from. */
  file: string;
  /** The id of this server, by which its leases are known. */
  server: string;
  settings: Settings;
  warnings: readonly string[];
  store: Store;
  /** As in `ClaimedStore`. */
  assertHeld: () => void;
  clock: Clock;
  /** The memory of the lock around writes to the store. */
  turns: Int32Array;
  /** Replaces `listen.workers` of the file. */
  workers?: number;
  stopping: AbortSignal;
  logLevel?: string;
  watchEvery?: number;
  intuneTimes?: Partial<Timeouts>;
  /** Counters of the server, which begin at zero for what is configured. */
  metrics?: Pick<Metrics, 'note' | 'text'>;
  /** Gets every event after the log. */
  onEvent?: (event: ServerEvent) => void;
  part?: boolean;
};

/** What the endpoints of one server share. */
type Shared = EndpointServices & {
  settings: Settings;
  store: Store;
  logger: Logger;
  stopping: AbortSignal;
  clients: ReadonlyMap<string, DiagnosableClient>;
  onEvent?: (event: ServerEvent) => void;
};

/** Throws ConfigError, with everything closed again that was opened, the keys of the settings too. */
export async function makeGeneration(parts: GenerationParts): Promise<Generation> {
  const { settings, warnings, store, clock, stopping, logLevel, intuneTimes, part = false } = parts;
  // In the order of opening; closed in the reverse order.
  const closing: PolicyServices['closing'] = [settings.close];
  const jobs: (() => Promise<void>)[] = [];
  const endJobs = async (): Promise<void> => void (await Promise.all(jobs.splice(0).map((end) => end())));
  const close = async (): Promise<void> => {
    await endJobs();
    for (const each of closing.splice(0).toReversed()) await each();
  };
  try {
    const logger = systemLogger(logLevel ?? settings.config.log.level);
    const tracing = startTracing({ trace: settings.config.trace, store, clock, emit: logEvents(logger) });
    if (tracing) closing.push(tracing.close);
    const timing = defined({ every: parts.watchEvery });
    const messages = configuredMessages({ config: settings.config, store, clock, ...timing });
    closing.push(messages.close);
    const onEvent = toldBoth(messages.onEvent, toldBoth(tracing?.observe, parts.onEvent));
    const emit = subscribers(logger, onEvent);
    for (const warning of warnings) emit({ event: 'configuration-warning', warning });
    await registerIssuers(settings, store);
    const crls = await servedLists(settings, store);
    const own = { logger, emit, closing, intuneTimes, ...defined({ onEvent }) };
    const issuers = watchIssuers({ products: settings.products, emit, ...timing });
    jobs.push(async () => issuers.end());
    const isIssuerDown = (authority: string): boolean => issuers.standings.get(authority)?.() !== undefined;
    const shared = sharedServices({ isIssuerDown, crls, settings, store, clock, stopping, ...own });
    const endpoints = await servedEndpoints(settings, shared, part);
    for (const each of endpoints.notServed) emit({ event: 'endpoint-not-served', ...each });
    const threads = await threadsOf(endpoints, { ...parts, emit });
    if (threads) closing.push(() => threads.close());
    const ocsp = await ocspResponders(settings, { store, emit, clock });
    jobs.push(ocsp.close);
    const { server, retire } = await publicServer(endpoints, shared, { threads, ocsp });
    jobs.push(retire);
    const credentials = credentialEnds(settings.config.tenants, shared.clients, clock);
    const watched = () => [...watchedOf(settings, endpoints.served), ...ocsp.watched(), ...credentials.watched()];
    const directories = directoriesIn(settings.config);
    const names = directories.map(({ tenant }) => tenant);
    const standing = {
      endpoints,
      watched,
      ...shared,
      keys: keyStandings(settings),
      issuers: issuers.standings,
      issuerWarnings: issuers.warnings,
      directories: names,
      people: settings.config.pfx?.people,
      threads: threads?.check,
    };
    const readiness = readinessOf(standing);
    const probes = metricProbes({ ...standing, load: () => loadOf(server), threads });
    if (parts.metrics) beginAtZero(parts.metrics.note, settings);
    const refresh = credentials.refresh;
    const started = startWatch({ endpoints, watched, directories, refresh, messages, ...shared, ...timing });
    jobs.push(started.end, messages.end);
    const { conditions, end } = watchConditions(parts, { ...standing, ...readiness, server, jobs: started.jobs });
    jobs.push(end);
    const desk = deskOf({ ...shared, endpoints, ocsp, credentials, conditions, file: parts.file });
    const text = parts.metrics?.text;
    const metrics = text && (() => text(probes));
    const admin = await administration({
      settings,
      store,
      emit,
      clock,
      readiness,
      desk,
      metrics,
      publicServer: server,
    });
    const paths = endpoints.served.map(({ options }) => options.path);
    return { settings, emit, server, paths, desk, metricProbes: probes, endJobs, close, ...defined({ admin }) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** `server`: of the requests that are counted. Calls of the store end after five seconds. */
function watchConditions(
  { settings, server: id, store, clock, watchEvery }: GenerationParts,
  { server, ...standing }: Omit<ConditionParts, 'store' | 'load' | 'settled'> & { server: FastifyInstance },
): ConditionWatch {
  const inTime = storeWithin(store, probeDeadline);
  const parts = {
    ...standing,
    store: inTime,
    load: () => loadOf(server),
    backupMaxAge: settings.config.backup.maxAge,
  };
  return conditionWatch({
    look: (settled) => seenConditions({ ...parts, settled }),
    store: inTime,
    server: id,
    alone: settings.config.store.kind === 'sqlite',
    clock,
    ...defined({ every: watchEvery }),
  });
}

/** Of authorities with a key elsewhere. */
const keyStandings = ({ authorities }: Settings) =>
  new Map(
    [...authorities.values()].flatMap(({ name, authority }) =>
      authority.keyStanding ? [[name, authority.keyStanding] as const] : [],
    ),
  );

/** None for one thread, and for a clock that a thread cannot have. */
const threadsOf = async (
  { served }: Endpoints,
  { file, server, assertHeld, settings: { config }, clock, turns, workers, emit }: GenerationParts & { emit: Emit },
): Promise<EndpointThreads | undefined> => {
  const size = clock === systemClock ? threadsFor(workers ?? config.listen.workers) : 1;
  return size > 1 ? endpointThreads({ served, file, server, assertHeld, config, turns, size, emit }) : undefined;
};

function sharedServices({
  settings,
  intuneTimes: timeouts,
  ...rest
}: Pick<
  Shared,
  'settings' | 'isIssuerDown' | 'crls' | 'store' | 'clock' | 'stopping' | 'logger' | 'emit' | 'closing' | 'onEvent'
> & {
  intuneTimes: GenerationParts['intuneTimes'] | undefined;
}): Shared {
  const clients = new Map<string, DiagnosableClient>();
  const serverTime = clockReport(rest.clock, rest.emit);
  const calledFor = (tenant: string) => (call: CallMade) => rest.emit({ event: 'intune-called', tenant, ...call });
  const clientOf: Shared['intuneClient'] = ({ name, value }) => {
    const client = clients.get(name) ?? newIntuneClient({ ...value, timeouts, called: calledFor(name) }, serverTime);
    if (!clients.has(name)) rest.closing.push(() => client.close());
    clients.set(name, client);
    return client;
  };
  // A tenant that no endpoint uses is in the readiness detail too.
  for (const [name, value] of Object.entries(settings.config.tenants)) clientOf({ name, value });
  const isUnusable = (tenant: string): boolean => clients.get(tenant)?.health().ok === false;
  return { settings, ...rest, clients, isUnusable, intuneClient: clientOf };
}

/** Before any request, so that certificates of earlier versions have their issuer. */
async function registerIssuers({ authorities }: Settings, store: IssuerStore): Promise<void> {
  for (const { name, authority } of authorities.values())
    await store.registerIssuer({ ...issuerIdentity(authority.certificate), authority: name });
}

function publicServer(
  { served }: Endpoints,
  { settings, store, clock, stopping, logger, crls, onEvent }: Shared,
  { threads, ocsp }: { threads: EndpointThreads | undefined; ocsp: ServedOcsp },
): Promise<AssembledServer> {
  const { trustProxy, mostRunning, answerWithin, bodyLimit } = settings.config.listen;
  const options = {
    endpoints: served.map(({ options }) => options),
    store,
    clock,
    logger,
    crls,
    ocsp: ocsp.responders,
    aia: new Map([...listsOf(settings.authorities)].map(([name, { certificate }]) => [name, certificate])),
    stopping,
    mostRunning,
    answerWithin,
    bodyLimit,
    parallelism: threads?.size ?? 1,
    toldCas: toldCasOf(settings),
    probes: threadsProbe(threads?.check),
    fetchKey: settings.config.pfx?.links === undefined ? undefined : fetchedKeys({ store, clock }),
    ...defined({ trustProxy, onEvent }),
  };
  return assembleServer(options, threads?.operate);
}

/** Every CA of the configuration. Those that sign here have their lists from the store. */
const toldCasOf = ({ authorities, products }: Settings): ToldCa[] =>
  [...authorities.values()].flatMap(({ name, authority: { certificate, previous } }) => [
    { certificate, ...revokerOf(products.get(name) ?? {}) },
    ...previous.map((each) => ({ certificate: each.certificate })),
  ]);

/** Looks at once at what ends, and then by jobs, at tenants too, until `end` is called. */
function startWatch({ endpoints, store, clients, directories, messages, ...parts }: Shared & WatchStart): StartedWatch {
  const keepers = [...new Set(endpoints.served.map(({ keeper }) => keeper))];
  const { look, job } = watch({ ...parts, keepers });
  const endRefresh = refreshRas({ ...parts, keepers });
  const endKeys = watchKeys({ ...parts, keys: keyStandings(parts.settings) });
  look();
  const directoryJobs = directories.flatMap((each) => {
    const client = clients.get(each.tenant);
    return client ? [directoryJob({ ...parts, ...each, store, list: client.directory })] : [];
  });
  const { auditKey } = parts.settings;
  const seal = auditKey && headSeal(auditKey);
  const old = oldRecordsJob({ keep: parts.settings.config.keep, store, seal, ...parts });
  const all = [
    job,
    old,
    oldAttemptsJob({ trace: parts.settings.config.trace, store, ...parts }),
    auditChainJob({ store, seal, ...parts }),
    commandRevocationsJob({ store, ...parts }),
    ...(parts.settings.config.pfx?.links === undefined ? [] : [endedLinksJob({ store, ...parts })]),
    tenantWatch({ ...parts, clients }),
    ...pollers({ store, clients, ...parts }),
    ...peopleJobs({ store, clients, ...parts }),
    ...directoryJobs,
    ...messages.jobs,
  ];
  const jobs = startJobs({ store, jobs: all, owner: randomUUID(), ...parts });
  return {
    jobs: [...BACKGROUND_JOBS, ...all.map(({ name }) => name)],
    async end() {
      endKeys();
      await Promise.all([jobs.close(), endRefresh()]);
    },
  };
}

/** `jobs`: the names of all jobs that a server of this configuration runs. */
type StartedWatch = { jobs: readonly string[]; end: () => Promise<void> };

/** One for all tenants that are to be asked; none without such a tenant. */
function pollers({ settings, clients, store, clock, emit }: Shared): Job[] {
  const tenants = Object.entries(settings.config.tenants).flatMap(([name, { revocation }]) => {
    const client = clients.get(name);
    const foreignEndpoints = endpointsWithout(name, settings.config);
    return client && revocation !== 'off' ? [{ name, client, sole: revocation === 'sole', foreignEndpoints }] : [];
  });
  const issuers = [...settings.authorities.values()].flatMap(({ name, authority }) => [
    authority.certificate,
    ...previousLists(name, authority).map(({ certificate }) => certificate),
  ]);
  return tenants.length > 0 ? [revocationPoller({ tenants, issuers, store, clock, emit })] : [];
}

type WatchStart = {
  endpoints: Endpoints;
  directories: readonly TenantDirectory[];
  messages: Pick<ConfiguredMessages, 'jobs'>;
} & Pick<WatchParts, 'watched' | 'refresh' | 'every'>;
