/** What each failure of a request means to a person, and what to do: the tables of error codes, and what they cannot know. */
import { HTTP_ERRORS, REFUSALS } from '../core/errors.ts';
import { ENTRA_CODES } from '../intune/entra-faults.ts';
import { INTUNE_CODES } from '../intune/answer-codes.ts';
import type { DeviceAttempt } from '../core/attempt-store.ts';

/** `cause`: a stable name. `what`: one sentence without a full stop. `remedy`: what to do first. */
export type Explanation = { cause: TraceCause; what: string; remedy: string };

/** Why a device has no certificate, as far as the server can tell. */
export type TraceCause =
  | 'wrong-subject'
  | 'challenge-expired'
  | 'challenge-wrong'
  | 'intune-down'
  | 'credential-refused'
  | 'permission-missing'
  | 'chain-not-trusted'
  | 'clock'
  | 'legacy-algorithm'
  | 'message-cut'
  | 'profile-not-assigned'
  | 'refused-by-intune'
  | 'waits'
  | 'busy'
  | 'wrong-url'
  | 'server-failed'
  | 'refused';

type Part = Pick<DeviceAttempt, 'outcome'> &
  Partial<Pick<DeviceAttempt, 'code' | 'detail' | 'reason' | 'intuneCode' | 'status'>>;

const CAUSES_OF_INTUNE: Readonly<Record<string, TraceCause>> = {
  ChallengeExpired: 'challenge-expired',
  ChallengeInvalidTimestamp: 'challenge-expired',
  SubjectNameMissing: 'wrong-subject',
  SubjectNameMismatch: 'wrong-subject',
  SubjectAltNameMissing: 'wrong-subject',
  SubjectAltNameMismatch: 'wrong-subject',
  ScepProfileNoLongerTargetedToTheClient: 'profile-not-assigned',
};

const CAUSES: Readonly<Record<string, TraceCause>> = {
  subject_refused: 'wrong-subject',
  challenge_expired: 'challenge-expired',
  challenge_missing: 'challenge-wrong',
  challenge_wrong: 'challenge-wrong',
  challenge_used: 'challenge-wrong',
  signing_time_refused: 'clock',
  algorithm_refused: 'legacy-algorithm',
  message_undecodable: 'message-cut',
  message_too_slow: 'message-cut',
  request_line_too_long: 'message-cut',
  signature_invalid: 'message-cut',
  intune_denied: 'refused-by-intune',
  intune_unreachable: 'intune-down',
  policy_unreachable: 'intune-down',
  notification_failed: 'intune-down',
  overloaded: 'busy',
  waiting_full: 'busy',
  path_unknown: 'wrong-url',
  unavailable: 'server-failed',
  issuer_failed: 'server-failed',
};

/** What was wrong, by code, where the text on the wire says nothing. */
const WHAT: Readonly<Record<string, string>> = {
  signature_invalid: 'The signature of the message is wrong',
  algorithm_refused: 'The message uses an algorithm that this endpoint does not allow',
  signing_time_refused: 'The clock of the device is wrong: the signing time is outside of the window',
  subject_refused: 'The subject of the request is not what the profile allows',
  challenge_missing: 'The request has no challenge',
  challenge_wrong: 'The challenge is wrong',
  challenge_used: 'The one-time challenge was used before',
  challenge_expired: 'The challenge has expired',
  blocked: 'The block list names the device, the user, the subject or the key',
  policy_denied: 'The policy of the endpoint denied the request',
  intune_denied: 'Intune denied the request',
  intune_unreachable: 'Intune could not be asked',
  policy_unreachable: 'What decides about requests could not be asked for an hour',
  notification_failed: 'Intune or the webhook did not take the notification',
  issuer_failed: 'The CA could not make the certificate',
  rejected: 'An administrator rejected the request, or its certificate is revoked',
  renewal_refused: 'The certificate may not be renewed by this request',
  message_undecodable: 'The message did not come whole: it is no SCEP message any more',
  message_too_slow: 'The message came too slowly, or not to its end',
  message_too_large: 'The message is too large',
  request_line_too_long: 'The URL was too long for this server, which accepts 128 KB',
  path_unknown: 'The device asks at a path where nothing is served',
  overloaded: 'The server had too much to do, and the device is to come again',
  unavailable: 'The server could not answer',
};

/** What the tables of errors do not have, by code. */
const REMEDIES: Readonly<Record<string, string>> = {
  path_unknown:
    'Correct the URL in the SCEP profile or in the proxy: `openndes check` prints the URL of each endpoint.',
  request_line_too_long:
    'Look for a client or a proxy that adds to the URL; GetCACaps announces POSTPKIOperation, which a proxy may have cut away.',
  message_undecodable:
    'Look at the proxy between device and server: many cut URLs at 8 KB or less, and a PKIOperation by GET has 5 to 12 KB. Run `openndes doctor --url URL` from outside, let the proxy pass 64 KB, and compare with docs/reverse-proxies.md.',
  signing_time_refused:
    'Set the clock of the device (NTP), or `signingTime` of the endpoint for devices without a clock.',
  algorithm_refused:
    'The device or its profile is old: choose SHA-256 and AES in it, or allow the algorithm with `legacy` of the endpoint, for as long as such devices exist.',
};

const ROWS: Readonly<Record<string, { remedy: string }>> = { ...REFUSALS, ...HTTP_ERRORS };

/** The remedy for a code of docs/errors.md. */
const remedyOf = (code: string): string =>
  REMEDIES[code] ?? ROWS[code]?.remedy ?? 'Look up the line of the log with this code.';

/** What a failed or waiting request means; undefined for one that did not fail. */
export function explanationOf(attempt: Part): Explanation | undefined {
  if (attempt.outcome === 'pending') return waiting(attempt);
  const { code } = attempt;
  if (code === undefined) return undefined;
  return ofIntune(attempt) ?? ofService(attempt) ?? ofCode(code);
}

const ofCode = (code: string): Explanation => ({
  cause: CAUSES[code] ?? 'refused',
  what: WHAT[code] ?? 'The request was refused',
  remedy: remedyOf(code),
});

function ofIntune({ code, intuneCode = '' }: Part): Explanation | undefined {
  const row = code === 'intune_denied' ? INTUNE_CODES[intuneCode] : undefined;
  if (!row) return undefined;
  const what = `Intune refused with ${intuneCode}: ${row.meaning.replace(/\.$/, '')}`;
  return { cause: CAUSES_OF_INTUNE[intuneCode] ?? 'refused-by-intune', what, remedy: row.remedy };
}

/** Why Entra or Intune did not answer, out of the text that says so. */
function ofService({ code = '', detail = '', reason = '' }: Part): Explanation | undefined {
  if (CAUSES[code] !== 'intune-down' && !reason.startsWith('unreachable')) return undefined;
  const text = `${reason} ${detail}`;
  const [entra] = /AADSTS\d+/.exec(text) ?? [];
  const row = entra === undefined ? undefined : ENTRA_CODES[entra];
  if (entra !== undefined && row)
    return {
      cause: 'credential-refused',
      what: `Entra ID refuses this server: ${row.meaning} (${entra})`,
      remedy: row.remedy,
    };
  if (/invalid_client|unauthorized_client/.test(text)) return CREDENTIAL;
  if (/HTTP (401|403)|\bpermission/i.test(text)) return PERMISSION;
  return undefined;
}

const CREDENTIAL: Explanation = {
  cause: 'credential-refused',
  what: 'Entra ID refuses the credential of this server',
  remedy:
    'Look at the client secret or certificate of the tenant: `openndes doctor` asks for a token and says what is wrong.',
};
const PERMISSION: Explanation = {
  cause: 'permission-missing',
  what: 'Intune refuses this server: the app lacks a permission',
  remedy:
    'Grant the app `scep_challenge_provider` of Intune and `Application.Read.All` of Microsoft Graph, with the consent of an administrator; `openndes doctor` says which one is missing.',
};

function waiting(attempt: Part): Explanation {
  const { reason = '' } = attempt;
  if (reason.startsWith('unreachable')) return ofService(attempt) ?? DOWN;
  const [kind = ''] = /^[a-z]+/.exec(reason) ?? [];
  return { cause: 'waits', ...(WAITS[kind] ?? UNDECIDED) };
}

const DOWN: Explanation = {
  cause: 'intune-down',
  what: 'The request waits: what decides about it, such as Intune, does not answer',
  remedy:
    'The device comes again by itself, and gets its certificate when the service answers. Run `openndes doctor`: it looks at clock, network, token, permissions and service, and says what to do first.',
};
const UNDECIDED = {
  what: 'The request waits for a decision',
  remedy: 'Look at what decides at this endpoint; the device comes again by itself.',
};
const WAITS: Readonly<Record<string, { what: string; remedy: string }>> = {
  approval: {
    what: 'The request waits for an approval',
    remedy: 'Approve or reject it: `openndes certs pending`, or the page "Waiting".',
  },
  issuer: {
    what: 'The request waits for the CA',
    remedy: 'Look at the key or the CA of the authority and at the log: `key-failed`, `issuer-failed`.',
  },
  notification: {
    what: 'The certificate is made, and waits until Intune has taken the notification',
    remedy: '`openndes notifications list` says why it was not taken.',
  },
};
