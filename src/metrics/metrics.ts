/** The metrics of one server: events are counted as they happen, and everything else is looked at when somebody asks. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ServerEvent } from '../core/events.ts';
import { eventCounter } from './event-counter.ts';
import { type Labels, type MetricRow, METRICS, type Note, SAMPLED_NAMES } from './metric-table.ts';
import { sampled, type SampleProbe } from './samples.ts';

/**
 * `onEvent` counts an event; it belongs to the way of a request and only adds numbers. `note` is for what is known before it
 * happens: a counter that begins with 0. `text` is in the format of Prometheus, with the metrics of the process.
 */
export type Metrics = {
  onEvent: (event: ServerEvent) => void;
  note: Note;
  text: (probes: readonly SampleProbe[]) => Promise<MetricsText>;
};

/** The text, and its media type. */
export type MetricsText = { type: string; body: string };

/** Nothing is measured of the process before the first `text`. */
export function newMetrics(): Metrics {
  const registry = new Registry();
  const made = new Map(Object.entries(METRICS).map(([name, row]) => [name, metricOf(name, row, registry)]));
  let isFirst = true;
  const note: Note = (name, labels = {}, value = 1) => {
    const metric = made.get(name);
    if (metric instanceof Histogram) metric.observe(labels, value);
    else metric?.inc(labels, value);
  };
  async function collected(probes: readonly SampleProbe[]): Promise<MetricsText> {
    if (isFirst) collectDefaultMetrics({ register: registry });
    isFirst = false;
    const samples = await sampled(probes);
    for (const name of SAMPLED_NAMES) forget(made.get(name));
    for (const { name, labels = {}, value } of samples) add(made.get(name), labels, value);
    return { type: registry.contentType, body: await registry.metrics() };
  }
  let running: Promise<MetricsText> | undefined;
  return {
    onEvent: eventCounter(note),
    note,
    // However many ask at once, the store is asked once.
    text: (probes) => (running ??= collected(probes).finally(() => (running = undefined))),
  };
}

type Metric = Counter | Gauge | Histogram;

function metricOf(name: string, { kind, help, labels, buckets = [] }: MetricRow, registry: Registry): Metric {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  if (kind === 'histogram') return new Histogram({ ...options, buckets: [...buckets] });
  return kind === 'counter' ? new Counter(options) : new Gauge(options);
}

/** Without labels `reset` leaves a 0, which would be a value. */
function forget(metric: Metric | undefined): void {
  metric?.reset();
  metric?.remove({});
}

function add(metric: Metric | undefined, labels: Labels, value: number): void {
  if (metric instanceof Counter || metric instanceof Gauge) metric.inc(labels, value);
}
