/** The faults that can be set on a hop. One table says what is accepted, what it does, and in which words. */
import { INTUNE_CODES, isIntuneCode } from './intune-codes.ts';
import { ControlError } from './control-error.ts';
import { intuneError, statusError } from './error-bodies.ts';
import { ACTIONS, type ServiceAnswer, type ServiceCall, HOPS, type ServiceHop, type Twist } from './service-call.ts';
import { result } from './scep-action-routes.ts';

/** A fault answers instead of the service, or bends what the service answers. */
export type Effect = { answer: (exchange: ServiceCall) => ServiceAnswer } | { twist: Twist };

/** A fault to set. Without `count` it stays until it is cleared; with one it hits so many calls. */
export type FaultRequest = { hop: ServiceHop; fault: FaultValue; count?: number };
export type FaultValue = string | number | { code: string } | { status: number; retryAfter?: number };

type FaultRow = {
  hops: readonly ServiceHop[];
  /** How it is written. */
  form: string;
  /** What it does. */
  words: string;
  read: (value: unknown) => Effect | undefined;
};

const named = (name: string, hops: readonly ServiceHop[], words: string, effect: Effect): FaultRow => ({
  hops,
  form: name,
  words,
  read: (value) => (value === name ? effect : undefined),
});

const page = (body: string): Effect => ({
  answer: () => ({ kind: 'reply', status: 200, code: 'OK', headers: { 'content-type': 'text/html' }, body }),
});

const INTERNAL = 'An internal server error has occurred';

/** What is accepted, in the order in which it is tried. */
export const FAULTS: readonly FaultRow[] = [
  named('html', HOPS, 'a page of HTML with status 200, as a proxy sends', page('<html><body>Sign in</body></html>')),
  named('empty', HOPS, 'status 200 and no body', page('')),
  named('timeout', HOPS, 'no answer until the client goes away', { answer: () => ({ kind: 'timeout' }) }),
  named('disconnect', HOPS, 'the connection is closed instead of an answer', {
    answer: () => ({ kind: 'disconnect' }),
  }),
  named('nested500', ACTIONS, 'status 500 with an InternalError whose message is JSON in a string', {
    answer: (exchange) => intuneError(exchange, 500, 'InternalError', INTERNAL),
  }),
  named('no-role', ['token'], 'a token without roles, as before an administrator consents', { twist: 'no-role' }),
  named('lowercase-keys', ['discovery'], 'member names in lower case', { twist: 'lowercase-keys' }),
  named('evil-host', ['discovery'], 'addresses at https://evil.example', { twist: 'evil-host' }),
  {
    hops: ACTIONS,
    form: `an Intune code (${Object.keys(INTUNE_CODES).join(', ')}) or {"code": "AnyWord"}`,
    words: 'status 200 with this code',
    read: readCode,
  },
  {
    hops: HOPS,
    form: '"503" or {"status": 503, "retryAfter": 1}, any status from 400 to 599',
    words: 'this status, with Retry-After in seconds if given',
    read: readStatus,
  },
];

function readCode(value: unknown): Effect | undefined {
  const given = typeof value === 'string' && isIntuneCode(value) ? value : onlyMembers(value, ['code'])?.['code'];
  if (typeof given !== 'string' || !/^\w{1,64}$/.test(given)) return undefined;
  const description = isIntuneCode(given) ? INTUNE_CODES[given] : 'The simulator was told to say so.';
  return { answer: (exchange) => result(exchange, { code: given, description }) };
}

function readStatus(value: unknown): Effect | undefined {
  const plain = typeof value === 'number' || (typeof value === 'string' && /^\d{3}$/.test(value));
  const { status, retryAfter } = plain
    ? { status: Number(value) }
    : (onlyMembers(value, ['status', 'retryAfter']) ?? { status: undefined });
  if (!isWhole(status, 400, 599) || (retryAfter !== undefined && !isWhole(retryAfter, 0, 86_400))) return undefined;
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return { answer: (exchange) => statusError(exchange, status, headers) };
}

const isWhole = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

/** The object, when it has no other members than these. */
const onlyMembers = (value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && Object.keys(value).every((name) => names.includes(name))
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;

type Standing = { effect: Effect; fault: FaultValue; left: number };

/** The faults that are set, hop by hop; of several on one hop the oldest comes first. */
export class Faults {
  readonly #standing = new Map<ServiceHop, Standing[]>();

  /** Sets a fault. Throws ControlError that says what is accepted. */
  set(request: unknown): void {
    const { hop, fault, count } = readRequest(request);
    const effect = FAULTS.filter((row) => row.hops.includes(hop)).reduce<Effect | undefined>(
      (found, row) => found ?? row.read(fault),
      undefined,
    );
    if (!effect)
      throw new ControlError(`fault: ${JSON.stringify(fault).slice(0, 80)} is not one for ${hop}. ${accepted(hop)}`);
    // Behind a fault without count nothing would ever have its turn, so the new one takes its place.
    const ahead = (this.#standing.get(hop) ?? []).filter(({ left }) => Number.isFinite(left));
    this.#standing.set(hop, [...ahead, { effect, fault, left: count ?? Infinity }]);
  }

  /** The fault that hits this call; it counts as used. */
  next(hop: ServiceHop): Effect | undefined {
    const standing = this.#standing.get(hop);
    const [first] = standing ?? [];
    if (first && --first.left <= 0) standing!.shift();
    return first?.effect;
  }

  /** The faults that are set, as they were asked for, with the calls they have left. */
  list(): readonly FaultRequest[] {
    return [...this.#standing].flatMap(([hop, standing]) =>
      standing.map(({ fault, left }) => ({ hop, fault, ...(Number.isFinite(left) ? { count: left } : {}) })),
    );
  }

  clear(): void {
    this.#standing.clear();
  }
}

const accepted = (hop: ServiceHop): string =>
  `Accepted: ${FAULTS.filter((row) => row.hops.includes(hop))
    .map(({ form, words }) => `${form} (${words})`)
    .join('; ')}.`;

function readRequest(request: unknown): FaultRequest {
  const fields = onlyMembers(request, ['hop', 'fault', 'count']);
  if (!fields) throw new ControlError('Send {"hop": …, "fault": …, "count": …}; count is optional.');
  const hop = HOPS.find((known) => known === fields['hop']);
  if (!hop) throw new ControlError(`hop: must be one of ${HOPS.join(', ')}.`);
  if (fields['fault'] === undefined) throw new ControlError(`fault: is missing. ${accepted(hop)}`);
  const count = fields['count'];
  if (count !== undefined && !isWhole(count, 1, 1e6)) throw new ControlError('count: must be a whole number from 1.');
  return { hop, fault: fields['fault'] as FaultValue, ...(count === undefined ? {} : { count }) };
}
