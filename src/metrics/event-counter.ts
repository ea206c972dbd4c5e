/** Which event counts for which metrics. Values that a client chooses become one of a fixed set before they are a label. */
import { REFUSALS } from '../core/errors.ts';
import type { AnsweredFacts, EventName, HttpErrorFacts, NotificationFacts, ServerEvent } from '../core/events.ts';
import type { Note } from './metric-table.ts';

type Fact<Name extends EventName> = Extract<ServerEvent, { event: Name }>;
type Counters = { [Name in EventName]?: (event: Fact<Name>, note: Note) => void };

/** A subscriber that counts. */
export function eventCounter(note: Note): (event: ServerEvent) => void {
  const counters = COUNTERS as Readonly<Record<string, (event: ServerEvent, note: Note) => void>>;
  return (event) => counters[event.event]?.(event, note);
}

const OPERATIONS: ReadonlyMap<string, string> = new Map(
  ['GetCACaps', 'GetCACert', 'GetCACertChain', 'GetCAChain', 'GetNextCACert', 'PKIOperation', 'landing'].map((name) => [
    name.toLowerCase(),
    name,
  ]),
);

const REASONS: ReadonlySet<string> = new Set([
  'approval',
  'unreachable',
  'undecided',
  'issuer',
  'notification',
  'duplicate',
]);

/** A message type without a name is a number that the client chose. */
const messageTypeOf = (type: string | undefined): string =>
  type === undefined ? '' : /^\D/.test(type) ? type : 'other';

/** `unreachable: …` has details after the colon. */
function reasonOf(reason = ''): string {
  const [word = ''] = reason.split(':', 1);
  return REASONS.has(word) ? word : 'other';
}

/** A policy of an embedder may write another code into its facts. */
const errorOf = (code: string | undefined): string =>
  code !== undefined && Object.hasOwn(REFUSALS, code) ? code : 'other';

function answered(event: AnsweredFacts, note: Note): void {
  const { endpoint, outcome, ms, issueMs, backend = 'custom', profile = '', issuerFault } = event;
  const operation = OPERATIONS.get(event.operation.toLowerCase()) ?? 'other';
  const status = outcome ?? 'answered';
  note('openndes_scep_requests_total', { endpoint, operation, message_type: messageTypeOf(event.messageType), status });
  note('openndes_scep_request_duration_seconds', { endpoint, operation }, ms / 1000);
  if (outcome === 'refused') note('openndes_scep_failures_total', { endpoint, error: errorOf(event.code) });
  if (outcome === 'pending') note('openndes_scep_pending_total', { endpoint, reason: reasonOf(event.reason) });
  if (outcome === 'issued') note('openndes_certificates_issued_total', { endpoint, profile, backend });
  if (issueMs !== undefined) note('openndes_issue_duration_seconds', { backend }, issueMs / 1000);
  if (issuerFault !== undefined) note('openndes_backend_errors_total', { endpoint, code: issuerFault });
  for (const algorithm of event.legacy ?? []) note('openndes_scep_legacy_total', { endpoint, algorithm });
}

const rejected = ({ endpoint = '', code }: HttpErrorFacts, note: Note): void =>
  note('openndes_scep_rejected_total', { endpoint, reason: code });

const notified =
  (result: string) =>
  ({ endpoint }: NotificationFacts, note: Note): void =>
    note('openndes_intune_notifications_total', { endpoint, result });

const loginFailed = (_event: unknown, note: Note): void => note('openndes_login_failures_total');
const listFailed = (_event: unknown, note: Note): void => note('openndes_crl_failures_total');
const internal = ({ event }: { event: EventName }, note: Note): void =>
  note('openndes_internal_errors_total', { event });
const reloaded =
  (result: string) =>
  (_event: unknown, note: Note): void =>
    note('openndes_configuration_reloads_total', { result });

const COUNTERS: Counters = {
  'scep-request-answered': answered,
  'scep-request-refused': rejected,
  'scep-request-deferred': rejected,
  'scep-request-failed': rejected,
  'path-unknown': ({ skipped = 0 }, note) => note('openndes_unknown_paths_total', {}, skipped + 1),
  'notification-acknowledged': notified('acknowledged'),
  'notification-postponed': notified('postponed'),
  'notification-without-endpoint': notified('postponed'),
  'notification-without-certificate': notified('postponed'),
  'notification-abandoned': notified('abandoned'),
  'notification-given-up': notified('given_up'),
  'certificate-refused': ({ endpoint }, note) => note('openndes_csr_mismatch_total', { endpoint }),
  'certificates-revoked': ({ source, reason, number }, note) =>
    note('openndes_certificates_revoked_total', { source, reason }, number),
  'directory-revoked': (_event, note) =>
    note('openndes_certificates_revoked_total', { source: 'directory', reason: 'cessationOfOperation' }),
  'revocations-requested': ({ revoked }, note) =>
    note('openndes_certificates_revoked_total', { source: 'intune', reason: 'unspecified' }, revoked),
  'intune-called': ({ tenant, call, result, ms }, note) => {
    note('openndes_intune_calls_total', { tenant, call, result });
    note('openndes_intune_call_duration_seconds', { tenant, call }, ms / 1000);
  },
  'ocsp-answered': ({ authority, status }, note) => note('openndes_ocsp_responses_total', { authority, status }),
  'revocation-list-failed': listFailed,
  'earlier-ca-list-failed': listFailed,
  'key-failed': ({ authority }, note) => note('openndes_signer_failures_total', { authority }),
  'challenge-requested': ({ endpoint, outcome }, note) =>
    note('openndes_challenges_requested_total', { endpoint, outcome }),
  'challenges-guessed': ({ endpoint }, note) => note('openndes_challenges_guessed_total', { endpoint }),
  'challenge-api-token-wrong': loginFailed,
  'administrator-login-failed': loginFailed,
  'job-failed': ({ job: name }, note) => note('openndes_job_failures_total', { name }),
  'configuration-reloaded': reloaded('done'),
  'configuration-not-reloaded': reloaded('refused'),
  'attempts-lost': ({ number }, note) => note('openndes_attempts_lost_total', {}, number),
  'rejection-unhandled': internal,
  'exception-uncaught': internal,
  'subscriber-failed': internal,
  'thread-ended': internal,
};
