/**
 * What must come of each cell. Written by hand from docs/intune.md; nothing here comes from the source, because this is what
 * the source is measured with.
 */
import type { Cell, Outcome, Seen } from './cells.ts';
import type { FaultName } from './faults.table.ts';
import type { HopName } from './hops.table.ts';

/**
 * `calls`: how often one call is made while the fault stays. `done`: the service does its work each time, and only its
 * answer is spoiled. `cause`: what the readiness says after the name of the call; for the token where that is different.
 */
export type Rule = { calls: 1 | 2 | 3; done?: true; outage?: true; cause: string; entra?: string };

const RETRIED = 3;
/** Once more, with a new token. */
const NEW_TOKEN = 2;
const ONCE = 1;

const unreached = (code: string): string => `the service could not be reached: ${code}`;
const SILENCE = 'the service gave no answer within N ms';
const instead = (what: string): string => `HTTP 200, ${what} where an answer was expected`;
const refusedByEntra = (words: string): string => `Entra ID gave no token: ${words}`;

/** Of each fault, for all calls. */
export const RULES: Readonly<Record<FaultName, Rule>> = {
  // Of these two the service sees the first call only.
  refused: { calls: ONCE, outage: true, cause: unreached('ECONNREFUSED') },
  untrusted: { calls: ONCE, outage: true, cause: unreached('UNABLE_TO_VERIFY_LEAF_SIGNATURE') },
  reset: { calls: RETRIED, cause: unreached('ECONNRESET') },
  'not TLS': { calls: RETRIED, cause: unreached('UND_ERR_SOCKET') },
  timeout: { calls: RETRIED, cause: SILENCE },
  'slow drip': { calls: RETRIED, done: true, cause: SILENCE },
  'answer lost': { calls: RETRIED, done: true, cause: unreached('UND_ERR_SOCKET') },
  'HTTP 401': { calls: NEW_TOKEN, cause: 'HTTP 401, Unauthorized', entra: 'invalid_request' },
  'HTTP 403': { calls: NEW_TOKEN, cause: 'HTTP 403, Forbidden', entra: 'invalid_request' },
  'HTTP 404': { calls: ONCE, cause: 'HTTP 404, NotFound', entra: 'invalid_request' },
  'HTTP 429': { calls: RETRIED, cause: 'HTTP 429, TooManyRequests', entra: 'HTTP 429, invalid_request' },
  // The time that it names is longer than the call may take.
  'HTTP 429, Retry-After': { calls: ONCE, cause: 'HTTP 429, TooManyRequests', entra: 'HTTP 429, invalid_request' },
  'HTTP 500, nested JSON': {
    calls: RETRIED,
    cause: 'HTTP 500, InternalError: An internal server error has occurred',
    entra: 'HTTP 500, temporarily_unavailable',
  },
  'HTTP 503': { calls: RETRIED, cause: 'HTTP 503, ServiceUnavailable', entra: 'HTTP 503, temporarily_unavailable' },
  HTML: { calls: RETRIED, cause: instead('HTML or XML') },
  'truncated JSON': { calls: RETRIED, done: true, cause: instead('text') },
  'wrong types': { calls: RETRIED, done: true, cause: instead('JSON of another shape') },
  'huge body': { calls: ONCE, done: true, cause: 'the service answered with more than 65536 octets' },
};

const causeOf = ({ hop, fault }: Cell): string => {
  const { cause, entra } = RULES[fault];
  if (hop === 'managedIdentity') return `the managed identity endpoint (imds) gave no token: ${ofIdentity(fault)}`;
  if (hop === 'token' && entra !== undefined) return refusedByEntra(entra);
  // The answer of Graph is a list, so that more octets are read.
  return hop === 'discovery' ? cause.replace('65536', '1048576') : cause;
};

const NESTED = ': {"Message":"An internal server error has occurred","RetryAfter":null}';

/** The platform answers with the errors of Entra ID, and its words are shown. */
function ofIdentity(fault: FaultName): string {
  const { cause, entra } = RULES[fault];
  const status = /HTTP \d+/.exec(cause)?.[0] ?? '';
  if (status === 'HTTP 200') return 'HTTP 200, and no token in the answer';
  if (entra === undefined) return cause;
  return `${status}, ${entra.replace(`${status}, `, '')}${fault === 'HTTP 500, nested JSON' ? NESTED : ''}`;
}

const callsOf = ({ hop, fault }: Cell): string => {
  const { calls, done } = RULES[fault];
  return `${hop} ${calls}×${done ? '' : ', 0× done'}`;
};

/** A check asks Graph before Intune, so that it names Graph while the port has an outage. */
const namedHop = ({ hop, fault }: Cell): HopName => {
  const failed = loggedHop(hop);
  return RULES[fault].outage && failed !== 'token' ? 'discovery' : failed;
};
/** A token is a token, wherever it comes from. */
const loggedHop = (hop: HopName): HopName => (hop === 'managedIdentity' ? 'token' : hop);

const answered = (what: string): string => `scep-request-answered ${what}`;
const VALIDATED = 'validateRequest 1×';
const ENROLLED: Seen = {
  device: 'issued',
  intune: `${VALIDATED}; successNotification 1×`,
  store: 'certificate delivered',
  log: `${answered('issued')}, tenant-usable`,
  readiness: 'ok',
};

type Fate = { during: Omit<Seen, 'readiness'>; after: Seen };

/** Before Intune has decided, the request waits: a poll gets the certificate. */
const waits = (cell: Cell): Fate => ({
  during: {
    device: 'pending',
    intune: cell.hop === 'validateRequest' ? callsOf(cell) : 'nothing',
    store: 'request waits: unreachable',
    log: answered(`pending ${loggedHop(cell.hop)}`),
  },
  after: ENROLLED,
});

/** `strict`: no certificate that Intune has not acknowledged. The same request again gets another one. */
const neverDelivered = (cell: Cell): Fate => ({
  during: {
    device: 'failInfo 2',
    intune: `${VALIDATED}; ${callsOf(cell)}`,
    store: 'certificate revoked',
    log: `notification-abandoned, ${answered('refused notification_failed')}`,
  },
  after: { ...ENROLLED, store: 'certificate revoked; certificate delivered' },
});

/** `outbox`: the device has its certificate, and Intune is told later. */
const toldLater = (cell: Cell): Fate => ({
  during: {
    device: 'issued',
    intune: `${VALIDATED}; ${callsOf(cell)}`,
    store: 'certificate delivered; success notification in the outbox',
    log: `notification-postponed, ${answered('issued')}`,
  },
  after: { ...ENROLLED, intune: 'successNotification 1×', log: 'tenant-usable' },
});

/** A failure is told by the outbox in both modes. The device sends the request again, which fails again. */
const failureToldLater = (cell: Cell): Fate => ({
  during: {
    device: 'failInfo 2',
    intune: `${VALIDATED}; ${callsOf(cell)}`,
    store: 'failure notification in the outbox',
    log: `notification-postponed, ${answered('refused request_refused')}`,
  },
  after: {
    device: 'failInfo 2',
    intune: `${VALIDATED}; failureNotification 2×`,
    store: 'nothing',
    log: `${answered('refused request_refused')}, tenant-usable`,
    readiness: 'ok',
  },
});

const FATES: Readonly<Record<HopName, (cell: Cell) => Fate>> = {
  token: waits,
  discovery: waits,
  managedIdentity: waits,
  validateRequest: waits,
  successNotification: (cell) => (cell.mode === 'strict' ? neverDelivered(cell) : toldLater(cell)),
  failureNotification: failureToldLater,
};

/** What must come of the cell. */
export function expectedOf(cell: Cell): Outcome {
  const { during, after } = FATES[cell.hop](cell);
  const hop = namedHop(cell);
  const cause = causeOf(cell);
  return {
    during: { ...during, log: `${during.log}, tenant-unusable ${hop}`, readiness: `Intune ${hop}: ${cause}` },
    after,
  };
}
