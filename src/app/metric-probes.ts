/** What is looked at of a running configuration when somebody asks for the metrics. */
import { within } from '../core/ask.ts';
import type { Watched } from '../core/watched.ts';
import type { loadOf } from '../embed/embed.ts';
import { probeDeadline, sinceStart } from '../embed/system.ts';
import type { DiagnosableClient } from '../intune/client.ts';
import type { Note } from '../metrics/metric-table.ts';
import { flag, type Sample, sampleOf, type SampleProbe } from '../metrics/samples.ts';
import type { RevocationList } from '../revocation/revocation-list.ts';
import type { EndpointThreads } from './endpoint-threads.ts';
import type { Endpoints } from './served-endpoints.ts';
import { listsOf } from './named-lists.ts';
import type { Settings } from './settings.ts';
import { endpointStandings } from './standings.ts';
import { STORE_PROBES, type StoreParts } from './store-probes.ts';
import { VERSION } from './version.ts';
import { listSamples, watchedSamples } from './watched-samples.ts';

/** What is looked at. `load`: how busy each endpoint is. */
export type MetricParts = StoreParts & {
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
};

/** One for each thing that can fail alone; each has five seconds. */
export const metricProbes = (parts: MetricParts): SampleProbe[] =>
  [serverProbe, endpointsProbe, servicesProbe, keysProbe, endsProbe, ...STORE_PROBES].map(
    (probe) => () => within(async () => probe(parts), probeDeadline()),
  );

type Probe = (parts: MetricParts) => Sample[];

const serverProbe: Probe = ({ threads }) => [
  sampleOf('openndes_build_info', { version: VERSION }, 1),
  sampleOf('openndes_uptime_seconds', {}, sinceStart() / 1000),
  ...(threads ? [sampleOf('openndes_threads', {}, threads.alive())] : []),
];

const endpointsProbe: Probe = ({ endpoints, load, settings, clock }) => {
  const loads = load();
  return [
    ...endpointStandings(endpoints, clock).map(({ name: endpoint, reason }) =>
      sampleOf('openndes_endpoint_up', { endpoint }, flag(reason === undefined)),
    ),
    ...endpoints.served.map(({ name: endpoint, authority, options: { tenant = '' } }) =>
      sampleOf('openndes_endpoint_info', { endpoint, authority, tenant }, 1),
    ),
    ...loads.flatMap(({ endpoint, running, queued, most }) => [
      sampleOf('openndes_scep_in_flight_requests', { endpoint }, running),
      sampleOf('openndes_scep_queued_requests', { endpoint }, queued),
      sampleOf('openndes_scep_in_flight_limit', { endpoint }, most),
    ]),
    // Of all endpoints together, so that each says the same.
    sampleOf('openndes_scep_work_seconds', {}, Math.max(0, ...loads.map(({ answerMs }) => answerMs)) / 1000),
    sampleOf('openndes_scep_work_limit_seconds', {}, settings.config.listen.answerWithin / 1000),
  ];
};

const servicesProbe: Probe = ({ clients }) =>
  [...clients].flatMap(([tenant, client]) => [
    sampleOf('openndes_intune_up', { tenant }, flag(client.health().ok)),
    sampleOf('openndes_intune_breaker_open', { tenant }, flag(client.breaker() === 'open')),
  ]);

const keysProbe: Probe = ({ keys, settings }) => [
  ...[...keys].map(([authority, standing]) =>
    sampleOf('openndes_signer_up', { authority }, flag(standing() === undefined)),
  ),
  ...[...settings.authorities.values()].flatMap(({ name, authority: { keyCalls } }) => {
    const calls = keyCalls?.();
    if (!calls) return [];
    const labels = { authority: name };
    return [
      sampleOf('openndes_signer_calls_total', labels, calls.made),
      sampleOf('openndes_signer_errors_total', labels, calls.failed),
      sampleOf('openndes_signer_seconds_total', labels, calls.ms / 1000),
    ];
  }),
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
