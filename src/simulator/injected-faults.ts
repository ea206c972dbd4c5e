/** The faults that can be set on a hop. One table has their forms, effects and descriptions. */
import { INTUNE_CODES, isIntuneCode } from './intune-codes.ts';
import { ControlError } from './control-error.ts';
import { intuneError, statusError } from './error-bodies.ts';
import {
  ACTIONS,
  type ServiceAnswer,
  type ServiceCall,
  HOPS,
  type ServiceHop,
  type ResponseFault,
} from './service-call.ts';
import { result } from './scep-action-routes.ts';

/** A fault answers in place of the service, or changes the answer of the service. */
export type FaultEffect = { answer: (call: ServiceCall) => ServiceAnswer } | { responseFault: ResponseFault };

/** A fault to set. With `count` it applies to so many calls, without it until it is cleared. */
export type FaultRequest = { hop: ServiceHop; fault: FaultValue; count?: number };
/** A name of the table, a status, an Intune code, or a status with Retry-After in seconds. */
export type FaultValue = string | number | { code: string } | { status: number; retryAfter?: number };

type FaultRow = {
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

const page = (body: string): FaultEffect => ({
  answer: () => ({ kind: 'reply', status: 200, code: 'OK', headers: { 'content-type': 'text/html' }, body }),
});

const INTERNAL = 'An internal server error has occurred';

/** What is accepted, in the order in which it is tried. */
export const FAULTS: readonly FaultRow[] = [
  named('html', HOPS, 'a page of HTML with status 200, as a proxy sends', page('<html><body>Sign in</body></html>')),
  named('empty', HOPS, 'status 200 and no body', page('')),
  named('timeout', HOPS, 'no answer until the client closes the connection', { answer: () => ({ kind: 'timeout' }) }),
  named('disconnect', HOPS, 'the connection is closed in place of an answer', {
    answer: () => ({ kind: 'disconnect' }),
  }),
  named('nested500', ACTIONS, 'status 500 with an InternalError whose message is JSON in a string', {
    answer: (call) => intuneError(call, { status: 500, code: 'InternalError', text: INTERNAL }),
  }),
  named(
    'no-role',
    ['token', 'tokenV1', 'managedIdentity'],
    'a token without roles, as before an administrator consents',
    {
      responseFault: 'no-role',
    },
  ),
  named('lowercase-keys', ['discovery'], 'member names in lower case', { responseFault: 'lowercase-keys' }),
  named('evil-host', ['discovery'], 'addresses at https://evil.example', { responseFault: 'evil-host' }),
  {
    hops: ACTIONS,
    form: `an Intune code (${Object.keys(INTUNE_CODES).join(', ')}) or {"code": "AnyWord"}`,
    description: 'status 200 with this code',
    read: readCode,
  },
  {
    hops: HOPS,
    form: '"503" or {"status": 503, "retryAfter": 1}, any status from 400 to 599',
    description: 'this status, with Retry-After in seconds if given',
    read: readStatus,
  },
];

function readCode(value: unknown): FaultEffect | undefined {
  const given = typeof value === 'string' && isIntuneCode(value) ? value : onlyMembers(value, ['code'])?.['code'];
  if (typeof given !== 'string' || !/^\w{1,64}$/.test(given)) return undefined;
  const text = isIntuneCode(given) ? INTUNE_CODES[given] : 'The simulator was told to answer with this code.';
  return { answer: (call) => result(call, { code: given, description: text }) };
}

function readStatus(value: unknown): FaultEffect | undefined {
  const plain = typeof value === 'number' || (typeof value === 'string' && /^\d{3}$/.test(value));
  const { status, retryAfter } = plain
    ? { status: Number(value) }
    : (onlyMembers(value, ['status', 'retryAfter']) ?? { status: undefined });
  if (!isWhole(status, 400, 599) || (retryAfter !== undefined && !isWhole(retryAfter, 0, 86_400))) return undefined;
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return { answer: (call) => statusError(call, status, headers) };
}

const isWhole = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

/** The object, when it has no other members than these. */
const onlyMembers = (value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && Object.keys(value).every((name) => names.includes(name))
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;

type SetFault = { effect: FaultEffect; fault: FaultValue; left: number };

/** The faults that are set, by hop. Of several on one hop the oldest applies first. */
export class Faults {
  readonly #faults = new Map<ServiceHop, SetFault[]>();

  /** Sets a fault. Throws ControlError, whose message lists what the hop accepts. */
  set(request: unknown): void {
    const { hop, fault, count } = readRequest(request);
    const effect = FAULTS.filter((row) => row.hops.includes(hop)).reduce<FaultEffect | undefined>(
      (found, row) => found ?? row.read(fault),
      undefined,
    );
    if (!effect)
      throw new ControlError(`fault: ${JSON.stringify(fault).slice(0, 80)} is not one for ${hop}. ${accepted(hop)}`);
    // A fault without count would hide all later ones, so the new fault replaces it.
    const earlier = (this.#faults.get(hop) ?? []).filter(({ left }) => Number.isFinite(left));
    this.#faults.set(hop, [...earlier, { effect, fault, left: count ?? Infinity }]);
  }

  /** The fault for this call, or undefined. Uses up one of its calls. */
  next(hop: ServiceHop): FaultEffect | undefined {
    const faults = this.#faults.get(hop) ?? [];
    const [first] = faults;
    if (first && --first.left <= 0) faults.shift();
    return first?.effect;
  }

  /** The faults that are set, as in their requests, with the calls that are left. */
  list(): readonly FaultRequest[] {
    return [...this.#faults].flatMap(([hop, faults]) =>
      faults.map(({ fault, left }) => ({ hop, fault, ...(Number.isFinite(left) ? { count: left } : {}) })),
    );
  }

  /** Removes all faults. */
  clear(): void {
    this.#faults.clear();
  }
}

const accepted = (hop: ServiceHop): string =>
  `Accepted: ${FAULTS.filter((row) => row.hops.includes(hop))
    .map(({ form, description }) => `${form} (${description})`)
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
