/** What an event says about one request of a device, as the record that is kept of it. */
import type { AttemptOutcome, DeviceAttempt } from '../core/attempt-store.ts';
import { defined } from '../core/defined.ts';
import {
  type EventFacts,
  type EventName,
  type HttpErrorFacts,
  REQUEST_NAMES,
  type ServerEvent,
} from '../core/events.ts';

/** `garbage`: hardly from a SCEP client. `doubtful`: not a SCEP message, which a proxy may have done to one. */
export type Observed = { kind: 'attempt' | 'doubtful'; attempt: DeviceAttempt } | { kind: 'garbage' };

const GARBAGE: Observed = { kind: 'garbage' };

type Read<Name extends EventName> = (event: EventFacts[Name], at: Date) => Observed | undefined;

const withError =
  (outcome: AttemptOutcome) =>
  (event: HttpErrorFacts, at: Date): Observed =>
    withHttpError(event, { at, outcome });

/** The events about requests of devices. */
const READERS: { readonly [Name in EventName]?: Read<Name> } = {
  'scep-request-answered': answered,
  'scep-request-refused': withError('refused'),
  'scep-request-deferred': withError('deferred'),
  'scep-request-failed': withError('failed'),
  'path-unknown': wrongPath,
  'request-line-too-long': tooLong,
};

/** Undefined for an event that is about no request of a device. */
export function observed(event: ServerEvent, at: Date): Observed | undefined {
  const read = READERS[event.event] as ((facts: ServerEvent, at: Date) => Observed | undefined) | undefined;
  return read?.(event, at);
}

/** Characters of a text about what was wrong, of an identifier, and of a subject. */
const LONGEST = { detail: 400, id: 200, subject: 512 };

const cut = (value: unknown, most = LONGEST.id): string | undefined =>
  typeof value === 'string' && value !== '' ? value.slice(0, most) : undefined;

/** A page for browsers is no step of an enrolment. Facts of a policy can have any type. */
function answered(event: EventFacts['scep-request-answered'], at: Date): Observed | undefined {
  if (event.operation === 'landing') return undefined;
  const facts = event as typeof event & Readonly<Record<string, unknown>>;
  const attempt: DeviceAttempt = {
    at,
    times: 1,
    ms: event.ms,
    endpoint: event.endpoint,
    operation: event.operation.slice(0, 40),
    outcome: event.outcome ?? 'answered',
    address: event.ip,
    names: event[REQUEST_NAMES] ?? [],
    ...defined({
      messageType: cut(facts.messageType),
      transactionId: cut(facts.transactionId),
      code: cut(facts.code),
      detail: cut(facts.detail, LONGEST.detail),
      reason: cut(facts.reason, LONGEST.detail),
      intuneCode: cut(facts['intuneCode']),
      clientRequestId: cut(facts['clientRequestId']),
      activityId: cut(facts['intuneActivityId']),
      userAgent: cut(facts.userAgent),
      subject: cut(facts.subject, LONGEST.subject),
      serial: cut(facts.serial),
      thumbprint: cut(facts.thumbprint),
    }),
  };
  return { kind: 'attempt', attempt };
}

/** Codes of what no SCEP client asks for, and of what can be a SCEP message that was changed on its way. */
const NO_CLIENT: ReadonlySet<string> = new Set(['operation_unknown', 'landing_off']);
const DOUBTFUL: ReadonlySet<string> = new Set(['message_undecodable', 'message_too_slow']);

function withHttpError(event: HttpErrorFacts, { at, outcome }: { at: Date; outcome: AttemptOutcome }): Observed {
  const { code, status, path, ip, method, err, userAgent } = event;
  if (NO_CLIENT.has(code)) return GARBAGE;
  const operation = event.operation ?? (method === 'POST' ? 'PKIOperation' : '');
  const { endpoint = path } = event;
  const attempt: DeviceAttempt = {
    ...bare(at, ip),
    endpoint,
    operation,
    outcome,
    status,
    code,
    ...defined({ detail: cut(sentenceOf(err), LONGEST.detail), userAgent: cut(userAgent) }),
  };
  return { kind: DOUBTFUL.has(code) ? 'doubtful' : 'attempt', attempt };
}

/** The error, and what caused it. */
function sentenceOf(err: unknown): string {
  if (!(err instanceof Error)) return '';
  const cause = sentenceOf(err.cause);
  return cause === '' || err.message.includes(cause) ? err.message : `${err.message}: ${cause}`;
}

const bare = (at: Date, address: string) => ({ at, times: 1, ms: 0, address, names: [] });

function wrongPath(event: EventFacts['path-unknown'], at: Date): Observed {
  if (event.operation === undefined) return GARBAGE;
  const attempt: DeviceAttempt = {
    ...bare(at, event.ip),
    endpoint: '',
    operation: event.operation,
    outcome: 'refused',
    status: 404,
    code: 'path_unknown',
    detail: `nothing is served at ${event.path}`,
    ...defined({ userAgent: cut(event.userAgent) }),
  };
  return { kind: 'attempt', attempt };
}

function tooLong({ ip, limit }: EventFacts['request-line-too-long'], at: Date): Observed {
  const attempt: DeviceAttempt = {
    ...bare(at, ip),
    endpoint: '',
    operation: '',
    outcome: 'refused',
    status: 431,
    code: 'request_line_too_long',
    detail: `the request line and the headers have more than ${limit} octets`,
  };
  return { kind: 'doubtful', attempt };
}
