/** How the parts of a running configuration stand now: for `/readyz`, and in detail for administrators. */
import type { ReadinessOptions } from '../admin/readiness.ts';
import type { ReadinessProbe } from '../embed/embed.ts';
import { HOUR } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import { type EndpointStanding, endpointsProbe, failedOrOk } from '../core/probe.ts';
import { clockWentBack } from '../core/signing-clock.ts';
import type { Store } from '../core/store.ts';
import { notInForce, type Watched } from '../core/watched.ts';
import type { IntuneClient } from '../intune/client.ts';
import type { RevocationList } from '../revocation/revocation-list.ts';
import { peopleDetail, type PeopleStoreNames, type WatchedPeople } from './people-conditions.ts';
import type { Endpoints } from './served-endpoints.ts';
import { watchedDetails } from './watch.ts';
import { neededFor } from './watched-settings.ts';

/** What is looked at. */
export type ReadinessParts = {
  endpoints: Endpoints;
  watched: () => readonly Watched[];
  clients: ReadonlyMap<string, IntuneClient>;
  /** How the keys of each authority stand that live elsewhere. */
  keys?: ReadonlyMap<string, () => string | undefined>;
  /** How the CA product of each authority stands that has one. */
  issuers?: ReadonlyMap<string, () => string | undefined>;
  /** What should be changed at the CA product of each authority. */
  issuerWarnings?: ReadonlyMap<string, () => readonly string[]>;
  /** Throws when no thread is running; absent without threads. */
  threads?: (() => Promise<void>) | undefined;
  /** Tenants with a directory. */
  directories?: readonly string[];
  /** By the name of their authority. */
  crls?: ReadonlyMap<string, RevocationList>;
  store: Pick<Store, 'check' | 'outboxStanding' | 'directoryStanding' | 'lastSigned' | PeopleStoreNames>;
  /** Whose keys are made. */
  people?: WatchedPeople | undefined;
  clock: Clock;
};

/** The probes of the public `/readyz`, and what stands beside them for administrators. */
export function readinessOf(parts: ReadinessParts): Pick<ReadinessOptions, 'probes' | 'detail'> {
  const { endpoints, watched, clients, threads, directories = [], crls, people, store, clock } = parts;
  const standings = () => endpointStandings(endpoints, clock);
  return {
    probes: [{ name: 'store', check: () => store.check() }, ...threadsProbe(threads), endpointsProbe(standings)],
    detail: async () => ({
      endpoints: Object.fromEntries(standings().map(({ name, reason }) => [name, failedOrOk(reason)])),
      // Devices are told to come back while a tenant does not answer, so that it never makes the server unready.
      tenants: Object.fromEntries([...clients].map(([name, client]) => [name, tenantText(client)])),
      ...authoritiesDetail(parts),
      certificates: watchedDetails(watched(), clock()),
      ...listsDetail(crls),
      ...(await clockDetail(store, clock)),
      ...(await directoriesDetail(store, directories)),
      ...(await peopleDetail(people, parts)),
      ...(await outboxDetail(store, clock)),
    }),
  };
}

/** None without threads. */
export const threadsProbe = (check: ReadinessParts['threads']): ReadinessProbe[] =>
  check ? [{ name: 'threads', check }] : [];

/** How each endpoint stands at the time of the clock: by its certificates, or by why it is not served. */
export const endpointStandings = ({ served, notServed }: Endpoints, clock: Clock): EndpointStanding[] => [
  ...served.map(({ name, options, keeper }) => ({
    name,
    reason: notInForce(neededFor(options.chain, keeper), clock()),
  })),
  ...notServed.map(({ endpoint, err }) => ({ name: endpoint, reason: err.message })),
];

/** Milliseconds after which a notification in the outbox is old. */
const OLD = HOUR;

/**
 * Present where an authority has a key or its CA elsewhere. What fails of these makes no server unready: devices get PENDING and come
 * back.
 */
function authoritiesDetail({ keys = new Map(), issuers = new Map(), issuerWarnings }: ReadinessParts): {
  authorities?: Record<string, string>;
} {
  const names = new Set([...keys.keys(), ...issuers.keys()]);
  const text = (name: string): string => {
    const warnings = issuerWarnings?.get(name)?.() ?? [];
    const standing = failedOrOk(issuers.get(name)?.() ?? keys.get(name)?.());
    return warnings.length === 0 ? standing : `${standing}, but ${warnings.join(' ')}`;
  };
  return names.size > 0 ? { authorities: Object.fromEntries([...names].map((name) => [name, text(name)])) } : {};
}

/** Present while old notifications wait. A store that fails is a probe of its own. */
async function outboxDetail(store: Pick<Store, 'outboxStanding'>, clock: Clock): Promise<{ notifications?: string }> {
  const { waiting, oldest } = await store.outboxStanding().catch(() => ({ waiting: 0, oldest: undefined }));
  if (!oldest || clock().getTime() - oldest.getTime() < OLD) return {};
  const since = oldest.toISOString();
  return { notifications: `${waiting} wait in the outbox, the oldest since ${since}: see openndes notifications list` };
}

/** Present while a list from before is served because no new one can be made. */
function listsDetail(crls: ReadinessParts['crls'] = new Map()): { revocationLists?: Record<string, string> } {
  const failing = [...crls].flatMap(([name, list]) => {
    const failure = list.failure?.();
    return failure ? [[name, `no new list can be made, the last one is served: ${failure.message}`] as const] : [];
  });
  return failing.length > 0 ? { revocationLists: Object.fromEntries(failing) } : {};
}

/** Present while nothing is signed because the clock went back. */
async function clockDetail(store: Pick<Store, 'lastSigned'>, clock: Clock): Promise<{ clock?: string }> {
  const problem = clockWentBack(clock(), await store.lastSigned().catch(() => undefined));
  return problem ? { clock: failedOrOk(`${problem.message}. ${problem.remedy}`) } : {};
}

/** Present where a tenant has a directory. A store that fails is a probe of its own. */
async function directoriesDetail(
  store: Pick<Store, 'directoryStanding'>,
  tenants: readonly string[],
): Promise<{ directories?: Record<string, string> }> {
  if (tenants.length === 0) return {};
  const texts = await Promise.all(tenants.map((tenant) => directoryText(store, tenant).catch(() => 'unknown')));
  return { directories: Object.fromEntries(tenants.map((tenant, index) => [tenant, texts[index] ?? 'unknown'])) };
}

async function directoryText(store: Pick<Store, 'directoryStanding'>, tenant: string): Promise<string> {
  const { error, waiting } = await store.directoryStanding(tenant);
  if (error !== '') return failedOrOk(error);
  return waiting === 0 ? failedOrOk(undefined) : `${waiting} certificates wait: see openndes directory status`;
}

function tenantText(client: IntuneClient): string {
  const { ok, detail, notification } = client.health();
  const text = failedOrOk(ok ? undefined : detail);
  return ok && notification ? `${text}, but ${detail}` : text;
}
