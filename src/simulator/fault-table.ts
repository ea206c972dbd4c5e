/** The faults that can be set on a hop: their forms, effects and descriptions in one table. */
import {
  type AnswerChange,
  cut,
  drip,
  huge,
  lost,
  lowerCaseNames,
  textValue,
  truncated,
  wrongTypes,
} from './answer-changes.ts';
import { opaqueImportError } from './graph/imported-certificate-routes.ts';
import { nestedError, statusError } from './error-bodies.ts';
import { INTUNE_CODES, isIntuneCode } from './intune-codes.ts';
import type { OutageKind } from './outages.ts';
import { result } from './scep-action-routes.ts';
import {
  ACTIONS,
  HOPS,
  type ResponseFault,
  type ServiceAnswer,
  type ServiceCall,
  type ServiceHop,
} from './service-call.ts';

/**
 * What a fault does: it answers in place of the service, makes the service answer otherwise, spoils the answer of the
 * service, or begins an outage of the port (for so many seconds after a call, without end when set on all hops).
 */
export type FaultEffect =
  | { answer: (call: ServiceCall) => ServiceAnswer }
  | { responseFault: ResponseFault }
  | { change: AnswerChange }
  | { outage: OutageKind; seconds: number };

/** A name of the table, a status, an Intune code, or an object with a detail: `retryAfter` and outages in seconds. */
export type FaultValue =
  | string
  | number
  | { code: string }
  | { status: number; retryAfter?: number; retryAfterMs?: number }
  | { drip: number }
  | { huge: number }
  | { refused: number }
  | { untrusted: number };

/** A row of the table. */
export type FaultRow = {
  hops: readonly ServiceHop[];
  /** How it is written in a request. */
  form: string;
  /** What the caller gets, for the page and error messages. */
  description: string;
  /** The effect, or undefined when the value is not of this row. */
  read: (value: unknown) => FaultEffect | undefined;
};

const named = (name: string, hops: readonly ServiceHop[], description: string, effect: FaultEffect): FaultRow => ({
  hops,
  form: name,
  description,
  read: (value) => (value === name ? effect : undefined),
});

/** A fault that may be given by its name, with a default, or as an object with one number. */
const measured = (
  name: string,
  hops: readonly ServiceHop[],
  description: string,
  { most, usual, effect }: { most: number; usual: number; effect: (size: number) => FaultEffect },
): FaultRow => ({
  hops,
  form: name,
  description,
  read: (value) => {
    const size = value === name ? usual : onlyMembers(value, [name])?.[name];
    return isWhole(size, 1, most) ? effect(size) : undefined;
  },
});

const page = (body: string): FaultEffect => ({
  answer: () => ({ kind: 'reply', status: 200, code: 'OK', headers: { 'content-type': 'text/html' }, body }),
});

const ending = (kind: 'timeout' | 'disconnect' | 'reset' | 'tls'): FaultEffect => ({ answer: () => ({ kind }) });

const PORTAL: FaultEffect = {
  answer: () => ({
    kind: 'reply',
    status: 302,
    code: 'Found',
    headers: { location: 'https://portal.example/sign-in', 'content-type': 'text/html' },
    body: '',
  }),
};

/** The hops over TLS. */
const OVER_TLS = HOPS.filter((hop) => hop !== 'managedIdentity');
const HUGE = 64 * 1024 * 1024;

/** What is accepted, in the order in which it is tried. */
export const FAULTS: readonly FaultRow[] = [
  named('html', HOPS, 'a page of HTML with status 200, as a proxy sends', page('<html><body>Sign in</body></html>')),
  named('empty', HOPS, 'status 200 and no body', page('')),
  named('redirect', HOPS, 'status 302 to a sign-in page, as a portal sends', PORTAL),
  named('timeout', HOPS, 'no answer until the client closes the connection', ending('timeout')),
  named('disconnect', HOPS, 'the connection is closed in place of an answer', ending('disconnect')),
  named('reset', HOPS, 'the connection is reset (TCP RST) in place of an answer', ending('reset')),
  named('tls', OVER_TLS, 'octets that are no TLS in place of an answer', ending('tls')),
  named('answer-lost', HOPS, 'the service does its work; the connection is closed in place of its answer', {
    change: lost,
  }),
  named('truncated', HOPS, 'the first half of the right answer, as if it were whole', { change: truncated }),
  named('cut', HOPS, 'the connection is closed in the middle of the right answer', { change: cut }),
  named('wrong-types', HOPS, 'the right answer with numbers for text and text for all else', { change: wrongTypes }),
  measured('drip', HOPS, 'the right answer, an octet every 1000 ms, or every {"drip": 50} ms', {
    most: 60_000,
    usual: 1000,
    effect: (ms) => ({ change: drip(ms) }),
  }),
  measured('huge', HOPS, 'the right answer, padded to 64 MiB, or to {"huge": 2000000} octets', {
    most: 2 ** 31,
    usual: HUGE,
    effect: (octets) => ({ change: huge(octets) }),
  }),
  outageRow('refused', HOPS, 'the call is reset, and the port refuses all connections for 2 s'),
  outageRow('untrusted', OVER_TLS, 'the call is reset, and the port shows a certificate of an unknown CA for 2 s'),
  named('nested500', HOPS, 'status 500 with an InternalError whose message is JSON in a string', {
    answer: (call) => nestedError(call),
  }),
  named(
    'no-role',
    ['token', 'tokenV1', 'managedIdentity'],
    'a token without roles, as before an administrator consents',
    {
      responseFault: 'no-role',
    },
  ),
  named('text-value', ['uploadRevocationResults'], 'the text "true" in place of the value', { change: textValue }),
  named('lowercase-keys', ['discovery', 'downloadRevocationRequests'], 'member names in lower case', {
    change: lowerCaseNames,
  }),
  named('opaque-import', ['userPfxCertificates'], 'status 400 that says only StatelessImportPFXService', {
    answer: opaqueImportError,
  }),
  named('evil-host', ['discovery'], 'addresses at https://evil.example', { responseFault: 'evil-host' }),
  {
    hops: ACTIONS,
    form: `an Intune code (${Object.keys(INTUNE_CODES).join(', ')}) or {"code": "AnyWord"}`,
    description: 'status 200 with this code',
    read: readCode,
  },
  {
    hops: HOPS,
    form: '"503" or {"status": 503, "retryAfter": 1.5}, or "retryAfterMs", any status from 400 to 599',
    description: 'this status, with Retry-After in seconds, or x-ms-retry-after-ms, if given',
    read: readStatus,
  },
];

/** On all hops at once the outage begins at once and lasts until it is cleared. */
function outageRow(kind: OutageKind, hops: readonly ServiceHop[], description: string): FaultRow {
  const text = `${description}, or for {"${kind}": 10}; on hop * at once, until cleared`;
  return measured(kind, hops, text, { most: 3600, usual: 2, effect: (seconds) => ({ outage: kind, seconds }) });
}

function readCode(value: unknown): FaultEffect | undefined {
  const given = typeof value === 'string' && isIntuneCode(value) ? value : onlyMembers(value, ['code'])?.['code'];
  if (typeof given !== 'string' || !/^\w{1,64}$/.test(given)) return undefined;
  const text = isIntuneCode(given) ? INTUNE_CODES[given] : 'The simulator was told to answer with this code.';
  return { answer: (call) => result(call, { code: given, description: text }) };
}

function readStatus(value: unknown): FaultEffect | undefined {
  const plain = typeof value === 'number' || (typeof value === 'string' && /^\d{3}$/.test(value));
  const { status, retryAfter, retryAfterMs } = plain
    ? { status: Number(value) }
    : (onlyMembers(value, ['status', 'retryAfter', 'retryAfterMs']) ?? { status: undefined });
  if (!isWhole(status, 400, 599)) return undefined;
  if (![retryAfter, retryAfterMs].every((wait) => wait === undefined || isWait(wait))) return undefined;
  const headers = {
    ...(isWait(retryAfter) && { 'retry-after': String(retryAfter) }),
    ...(isWait(retryAfterMs) && { 'x-ms-retry-after-ms': String(retryAfterMs) }),
  };
  return { answer: (call) => statusError(call, status, headers) };
}

/** A fraction of a second is possible. */
const isWait = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 86_400_000;

/** Whether it is a whole number between these, both included. */
export const isWhole = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

/** The object, when it has no other members than these. */
export const onlyMembers = (value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && Object.keys(value).every((name) => names.includes(name))
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
