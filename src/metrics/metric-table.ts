/** Every metric of this product, in one table: docs/metrics.md is made from it, and nothing else is ever exposed. */

/** `labels` have bounded sets of values: never a name, an address or a serial number of a device. `buckets`: in seconds. */
export type MetricRow = {
  kind: 'counter' | 'gauge' | 'histogram';
  help: string;
  labels: readonly string[];
  buckets?: readonly number[];
};

const counter = (help: string, ...labels: string[]): MetricRow => ({ kind: 'counter', help, labels });
const gauge = (help: string, ...labels: string[]): MetricRow => ({ kind: 'gauge', help, labels });
const histogram = (help: string, buckets: readonly number[], ...labels: string[]): MetricRow => ({
  kind: 'histogram',
  help,
  labels,
  buckets,
});

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const SIGNING = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];

const CERTIFICATE = ['filename', 'filepath', 'issuer_CN', 'serial_number', 'subject_CN'];
const LIST = ['filename', 'filepath', 'issuer_CN'];

/** What happens: counted from the events of the log. */
const COUNTED = {
  openndes_scep_requests_total: counter(
    'Requests that were answered in SCEP, by outcome; `status` is `answered` for operations without one',
    'endpoint',
    'operation',
    'message_type',
    'status',
  ),
  openndes_scep_request_duration_seconds: histogram(
    'Time from the request to its answer',
    SECONDS,
    'endpoint',
    'operation',
  ),
  openndes_scep_failures_total: counter('Requests that got a FAILURE, by the code of errors.md', 'endpoint', 'error'),
  openndes_scep_pending_total: counter('Requests that got a PENDING, by what they wait for', 'endpoint', 'reason'),
  openndes_scep_rejected_total: counter(
    'Requests that got an HTTP error, by the code of errors.md; `overloaded` when there is too much work',
    'endpoint',
    'reason',
  ),
  openndes_scep_legacy_total: counter('Messages with a weak algorithm', 'endpoint', 'algorithm'),
  openndes_unknown_paths_total: counter('Requests for a path that is no endpoint'),
  openndes_certificates_issued_total: counter(
    'New certificates; repeats of a request do not count',
    'endpoint',
    'profile',
    'backend',
  ),
  openndes_certificates_revoked_total: counter(
    'Certificates that were revoked: by a person (`page`), a program (`api`), asked by Intune (`intune`), because a device or user is gone (`directory`), or by a command (`cli`: one of the servers counts it within a minute)',
    'source',
    'reason',
  ),
  openndes_issue_duration_seconds: histogram('Time that the CA took for a new certificate', SIGNING, 'backend'),
  openndes_backend_errors_total: counter('Requests that the CA could not serve, by how it failed', 'endpoint', 'code'),
  openndes_csr_mismatch_total: counter(
    'Certificates of a CA that did not fit the request and were not delivered',
    'endpoint',
  ),
  openndes_intune_calls_total: counter(
    'HTTP calls to Entra, Graph and Intune; `result` is answered, throttled, refused, failed or unreachable',
    'tenant',
    'call',
    'result',
  ),
  openndes_intune_call_duration_seconds: histogram(
    'Time of an HTTP call to Entra, Graph and Intune',
    SECONDS,
    'tenant',
    'call',
  ),
  openndes_intune_notifications_total: counter(
    'Reports to Intune that a certificate was issued or not; `result` is acknowledged, postponed, abandoned or given_up',
    'endpoint',
    'result',
  ),
  openndes_ocsp_responses_total: counter('OCSP responses by what they say', 'authority', 'status'),
  openndes_crl_failures_total: counter('Revocation lists that could not be made or read'),
  openndes_signer_failures_total: counter(
    'Times that the keys of an authority in an HSM or a cloud began to fail',
    'authority',
  ),
  openndes_challenges_requested_total: counter('One-time passwords that were asked for', 'endpoint', 'outcome'),
  openndes_challenges_guessed_total: counter(
    'Minutes with so many wrong challenges that somebody may guess them',
    'endpoint',
  ),
  openndes_login_failures_total: counter('Failed logins of administrators and wrong tokens of the API'),
  openndes_job_failures_total: counter('Runs of background jobs that failed', 'name'),
  openndes_configuration_reloads_total: counter('Reloads of the configuration; `result` is done or refused', 'result'),
  openndes_attempts_lost_total: counter(
    'Answers to devices that are missing in their traces, because the store did not take them',
  ),
  openndes_internal_errors_total: counter(
    'What should never happen: unhandled errors, and threads that ended',
    'event',
  ),
} satisfies Readonly<Record<string, MetricRow>>;

/** How things are: looked at when somebody asks. */
const SAMPLED = {
  openndes_build_info: gauge('Always 1; the version is in the label', 'version'),
  openndes_uptime_seconds: gauge('Seconds since the server started'),
  openndes_store_up: gauge('Whether the store answers'),
  openndes_store_disk_free_bytes: gauge('Octets that are free on the disk of the store; absent for a database server'),
  openndes_store_disk_size_bytes: gauge('Octets of the disk of the store; absent for a database server'),
  openndes_threads: gauge('Threads that answer requests; absent when there is only one'),
  openndes_endpoint_up: gauge('Whether the endpoint can serve: its CA and its RA are in force', 'endpoint'),
  openndes_endpoint_info: gauge(
    'Always 1; what the endpoint belongs to is in the labels',
    'endpoint',
    'authority',
    'tenant',
  ),
  openndes_scep_in_flight_requests: gauge(
    'Requests that run, those that wait for a policy or a CA included',
    'endpoint',
  ),
  openndes_scep_queued_requests: gauge('Requests that have not begun', 'endpoint'),
  openndes_scep_in_flight_limit: gauge('Requests that may run at once: `listen.mostRunning`', 'endpoint'),
  openndes_scep_work_seconds: gauge(
    'Seconds until what computes or is queued now is done; at `listen.answerWithin` the next request gets 503',
  ),
  openndes_scep_work_limit_seconds: gauge('`listen.answerWithin`'),
  openndes_intune_up: gauge('Whether the last call found the tenant usable', 'tenant'),
  openndes_intune_breaker_open: gauge('Whether calls are not sent now because the last ones failed', 'tenant'),
  openndes_intune_outbox_pending: gauge('Reports to Intune that wait in the outbox'),
  openndes_intune_outbox_oldest_seconds: gauge('Age of the oldest report in the outbox; 0 when it is empty'),
  openndes_orders: gauge(
    'Orders at other CA products without an answer: `sent`, of which the CA will be asked, and `orphan`, of which it may have a certificate that is recorded nowhere',
    'state',
  ),
  openndes_signer_up: gauge('Whether the keys of the authority in an HSM or a cloud work', 'authority'),
  openndes_conditions: gauge(
    'What is wrong now, by kind and severity as in conditions.md; 0 for a kind of which nothing is',
    'condition',
    'severity',
  ),
  openndes_signer_calls_total: counter('Calls of the keys of the authority in an HSM or a cloud', 'authority'),
  openndes_signer_errors_total: counter('Those of them that failed', 'authority'),
  openndes_signer_seconds_total: counter('The seconds that all of them took together', 'authority'),
  openndes_backup_timestamp_seconds: gauge(
    'When `openndes backup` was run last on this store, Unix time; absent before',
  ),
  openndes_replicas: gauge('Servers that use the store, this one included, as they have looked in the last minutes'),
  openndes_messages_pending: gauge(
    'Messages to a webhook or by mail that wait; absent for a receiver without any',
    'receiver',
  ),
  openndes_messages_oldest_seconds: gauge('Age of the oldest of them', 'receiver'),
  openndes_approval_pending: gauge('Requests that wait for the approval of a person'),
  openndes_approval_oldest_seconds: gauge('Age of the oldest of them; 0 when there is none'),
  openndes_user_keys: gauge(
    'Keys of people by what became of them, where `pfx.people` is configured',
    'tenant',
    'state',
  ),
  openndes_job_finished_timestamp_seconds: gauge('When the job was finished last, on any server', 'name'),
  openndes_job_failing: gauge('Whether the last run of the job failed', 'name'),
  openndes_crl_size_bytes: gauge('Octets of the revocation list', 'ca', 'shard'),
  openndes_crl_entries: gauge('Certificates on the revocation list', 'ca', 'shard'),
  openndes_crl_generated_total: counter('Revocation lists that this server has signed', 'ca', 'shard'),
  openndes_crl_failing: gauge('Whether an older list is served because no new one can be made', 'ca', 'shard'),
  openndes_scrape_errors: gauge('Probes that failed while these metrics were collected'),
  x509_cert_not_before: gauge('Begin of a certificate of this server, Unix time', ...CERTIFICATE),
  x509_cert_not_after: gauge('End of a certificate or of a client secret of this server, Unix time', ...CERTIFICATE),
  x509_cert_expired: gauge('Whether it has ended', ...CERTIFICATE),
  x509_crl_this_update: gauge('thisUpdate of a revocation list, Unix time', ...LIST),
  x509_crl_next_update: gauge('nextUpdate of a revocation list, Unix time', ...LIST),
  x509_crl_number: gauge('cRLNumber of a revocation list', ...LIST),
} satisfies Readonly<Record<string, MetricRow>>;

/** All of them, by name. */
export const METRICS: Readonly<Record<CountedName | SampledName, MetricRow>> = { ...COUNTED, ...SAMPLED };

/** A metric that events count. */
export type CountedName = keyof typeof COUNTED;
/** A metric that is looked at when somebody asks. */
export type SampledName = keyof typeof SAMPLED;

/** Labels by their names. */
export type Labels = Readonly<Record<string, string>>;

/** Adds to a counter, or observes seconds in a histogram. */
export type Note = (name: CountedName, labels?: Labels, value?: number) => void;

/** The names of the second kind. */
export const SAMPLED_NAMES = Object.keys(SAMPLED) as SampledName[];
