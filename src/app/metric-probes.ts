/** What is looked at of a running configuration when somebody asks for the metrics. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { within } from '../core/ask.ts';
import { CONDITIONS } from '../core/condition.ts';
import type { Clock } from '../core/environment.ts';
import type { Store } from '../core/store.ts';
import type { Watched } from '../core/watched.ts';
import { probeDeadline, sinceStart } from '../embed/system.ts';
import type { loadOf } from '../embed/embed.ts';
import type { DiagnosableClient } from '../intune/client.ts';
import type { Note } from '../metrics/metric-table.ts';
import { flag, type Sample, type SampleProbe, unixTime } from '../metrics/samples.ts';
import type { RevocationList } from '../revocation/revocation-list.ts';
import type { EndpointThreads } from './endpoint-threads.ts';
import type { Endpoints } from './served-endpoints.ts';
import { listsOf, type Settings } from './settings.ts';
import { endpointStandings } from './standings.ts';
import { VERSION } from './version.ts';
import { listSamples, watchedSamples } from './watched-samples.ts';

/** What is looked at. `load`: how busy each endpoint is. */
export type MetricParts = {
  settings: Settings;
  endpoints: Endpoints;
  load: () => ReturnType<typeof loadOf>;
  watched: () => readonly Watched[];
  clients: ReadonlyMap<string, Pick<DiagnosableClient, 'health' | 'breaker'>>;
  /** How the keys of each authority stand that live elsewhere. */
  keys: ReadonlyMap<string, () => string | undefined>;
  /** By the name in their URL. */
  crls: ReadonlyMap<string, RevocationList>;
  threads: Pick<EndpointThreads, 'alive'> | undefined;
  store: Pick<Store, 'check' | 'outboxStanding' | 'listJobs' | 'listConditions'>;
  clock: Clock;
};

/** One for each thing that can fail alone; each has five seconds. */
export const metricProbes = (parts: MetricParts): SampleProbe[] =>
  [
    serverProbe,
    storeProbe,
    diskProbe,
    endpointsProbe,
    outboxProbe,
    jobsProbe,
    conditionsProbe,
    servicesProbe,
    endsProbe,
  ].map((probe) => () => within(async () => probe(parts), probeDeadline()));

type Probe = (parts: MetricParts) => Sample[] | Promise<Sample[]>;

const serverProbe: Probe = ({ threads }) => [
  { name: 'openndes_build_info', labels: { version: VERSION }, value: 1 },
  { name: 'openndes_uptime_seconds', value: sinceStart() / 1000 },
  ...(threads ? [{ name: 'openndes_threads', value: threads.alive() } as const] : []),
];

const storeProbe: Probe = async ({ store }) => {
  const works = await store.check().then(
    () => true,
    () => false,
  );
  return [{ name: 'openndes_store_up', value: flag(works) }];
};

const diskProbe: Probe = async ({ settings: { config } }) => {
  if (config.store.kind !== 'sqlite') return [];
  const { bavail, blocks, bsize } = await statfs(dirname(config.store.path));
  return [
    { name: 'openndes_store_disk_free_bytes', value: bavail * bsize },
    { name: 'openndes_store_disk_size_bytes', value: blocks * bsize },
  ];
};

const endpointsProbe: Probe = ({ endpoints, load, settings, clock }) => {
  const loads = load();
  return [
    ...endpointStandings(endpoints, clock).map(({ name: endpoint, reason }) =>
      valueOf('openndes_endpoint_up', { endpoint }, flag(reason === undefined)),
    ),
    ...endpoints.served.map(({ name: endpoint, authority, options: { tenant = '' } }) =>
      valueOf('openndes_endpoint_info', { endpoint, authority, tenant }, 1),
    ),
    ...loads.flatMap(({ endpoint, running, queued, most }) => [
      valueOf('openndes_scep_in_flight_requests', { endpoint }, running),
      valueOf('openndes_scep_queued_requests', { endpoint }, queued),
      valueOf('openndes_scep_in_flight_limit', { endpoint }, most),
    ]),
    // Of all endpoints together, so that each says the same.
    valueOf('openndes_scep_work_seconds', {}, Math.max(0, ...loads.map(({ answerMs }) => answerMs)) / 1000),
    valueOf('openndes_scep_work_limit_seconds', {}, settings.config.listen.answerWithin / 1000),
  ];
};

const valueOf = (name: Sample['name'], labels: Readonly<Record<string, string>>, value: number): Sample => ({
  name,
  labels,
  value,
});

const outboxProbe: Probe = async ({ store, clock }) => {
  const { waiting, oldest } = await store.outboxStanding();
  const age = oldest ? Math.max(0, clock().getTime() - oldest.getTime()) / 1000 : 0;
  return [
    { name: 'openndes_intune_outbox_pending', value: waiting },
    { name: 'openndes_intune_outbox_oldest_seconds', value: age },
  ];
};

const jobsProbe: Probe = async ({ store }) =>
  (await store.listJobs()).flatMap(({ name, finishedAt, lastError }) =>
    finishedAt
      ? [
          valueOf('openndes_job_finished_timestamp_seconds', { name }, unixTime(finishedAt)),
          valueOf('openndes_job_failing', { name }, flag(lastError !== undefined)),
        ]
      : [],
  );

const conditionsProbe: Probe = async ({ store }) => {
  const { open } = await store.listConditions();
  return Object.entries(CONDITIONS).map(([condition, { severity }]) =>
    valueOf('openndes_conditions', { condition, severity }, open.filter(({ kind }) => kind === condition).length),
  );
};

const servicesProbe: Probe = ({ clients, keys }) => [
  ...[...clients].flatMap(([tenant, client]) => [
    valueOf('openndes_intune_up', { tenant }, flag(client.health().ok)),
    valueOf('openndes_intune_breaker_open', { tenant }, flag(client.breaker() === 'open')),
  ]),
  ...[...keys].map(([authority, standing]) =>
    valueOf('openndes_signer_up', { authority }, flag(standing() === undefined)),
  ),
];

const endsProbe: Probe = ({ watched, crls, settings, clock }) => {
  const cas = listsOf(settings.authorities);
  return [
    ...watchedSamples(watched(), clock()),
    ...[...crls].flatMap(([name, list]) => listSamples(name, list, cas.get(name.split('/')[0] ?? name)?.certificate)),
  ];
};

const RESULTS = ['answered', 'throttled', 'refused', 'failed', 'unreachable'];

/** Counters that a rule looks at begin with 0: Prometheus sees no increase of one that was not there before. */
export function beginAtZero(note: Note, { endpoints, config }: Pick<Settings, 'endpoints' | 'config'>): void {
  for (const { config: each } of endpoints) {
    const endpoint = each.name;
    const profiles = [each.profile, ...Object.values(each.byUsage ?? {})].map(({ name }) => name);
    for (const profile of profiles)
      note('openndes_certificates_issued_total', { endpoint, profile, backend: 'local' }, 0);
    note('openndes_csr_mismatch_total', { endpoint }, 0);
    note('openndes_scep_rejected_total', { endpoint, reason: 'overloaded' }, 0);
  }
  for (const tenant of Object.keys(config.tenants))
    for (const result of RESULTS) note('openndes_intune_calls_total', { tenant, call: 'validateRequest', result }, 0);
  for (const event of ['rejection-unhandled', 'exception-uncaught', 'subscriber-failed', 'thread-ended'])
    note('openndes_internal_errors_total', { event }, 0);
}
