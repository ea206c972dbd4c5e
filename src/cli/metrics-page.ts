/** docs/metrics.md: every metric, from the table that the server exposes. */
import { METRICS, type MetricRow } from '../metrics/metric-table.ts';

const EXAMPLE = `scrape_configs:
  - job_name: openndes
    static_configs:
      - targets: [scep.example.com:8082]`;

const BY_TOKEN = `scrape_configs:
  - job_name: openndes
    authorization: { credentials_file: /etc/prometheus/openndes.token }
    static_configs:
      - targets: [scep.example.com:8081]`;

const rows = (all: readonly (readonly [string, MetricRow])[]): string =>
  all
    .map(
      ([name, { kind, help, labels }]) =>
        `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(' ')} | ${help} |`,
    )
    .join('\n');

const isOurs = ([name]: readonly [string, MetricRow]): boolean => name.startsWith('openndes_');

/** The page. */
export function metricsMarkdown(): string {
  const all = Object.entries(METRICS);
  return `# Metrics

With a section \`metrics\` in openndes.yaml the server has a listener for Prometheus, and serves \`GET /metrics\` there in
Prometheus' text format. Nobody logs in there: let only Prometheus reach it, for example on an address of an internal network
([configuration.md](configuration.md)).

\`\`\`yaml
metrics: { host: 10.0.0.5, port: 8082 }
\`\`\`

\`\`\`yaml
${EXAMPLE}
\`\`\`

With a token of the role \`metrics\` ([access.md](access.md#programs)) the administrators' listener has \`GET /metrics\` too, and the section \`metrics\` is not needed:

\`\`\`yaml
${BY_TOKEN}
\`\`\`

\`deploy/prometheus/alerts.yaml\` has rules for it ([alerts.md](alerts.md)), and \`deploy/grafana/openndes.json\` is a dashboard: import it in Grafana and
choose the data source. Both expect the job name \`openndes\`.

Every replica counts for itself: sum the counters over all of them, and take the maximum of what is in the store, such as
\`openndes_intune_outbox_pending\`. Counters begin at 0 when a server starts; a reload keeps them.

Counting takes 2 to 4 µs of CPU for an enrolment, of more than a thousand that it takes in all. A scrape asks the store a handful of short questions.

Labels have few values: names of the configuration, codes of [errors.md](errors.md), words of this page. No label ever has the name,
the address or a serial number of a device or of its certificate. The metrics name the certificates of the server itself.

## What openndes counts and sees

| metric | kind | labels | meaning |
|---|---|---|---|
${rows(all.filter(isOurs))}

## What begins and ends

These have the names and the labels of x509-certificate-exporter, so that rules and dashboards that look at its metrics work as they
are. In place of a file, \`filename\` and \`filepath\` say what it is: \`authority issuing: RA\`, \`listener: TLS certificate\`,
\`tenant corp: client secret\`, or the path of a revocation list.

| metric | kind | labels | meaning |
|---|---|---|---|
${rows(all.filter((each) => !isOurs(each)))}

## The last backup

\`openndes backup\` records in the store when it was run. \`backup: { maxAge: 26h }\` has the server say it when the last one is older
([conditions.md](conditions.md#backup-old)); a rule of your own:

\`\`\`yaml
- alert: OpenndesBackupOld
  expr: time() - openndes_backup_timestamp_seconds > 26 * 3600
\`\`\`

## The process

Beside these there are the usual metrics of a process on Node.js, whose names begin with \`process_\` and \`nodejs_\`: CPU seconds, memory,
open files, the lag of the event loop, garbage collection. They are of the whole process, all of its threads included; the event loop is
that of the thread that answers HTTP.
`;
}
