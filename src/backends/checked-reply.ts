/** What the answer to one attempt of a call is: a reply, or a fault and whether the call may be made again. */
import type { Clock } from '../core/environment.ts';
import type { IssuerError, IssuerErrorCode } from '../core/errors.ts';
import { retryAfterMs } from '../outbound/asked-pause.ts';
import type { NoReply, OutboundOctets } from '../outbound/https-client.ts';
import { IDENTITY_ALERT } from '../outbound/network-errors.ts';
import { keysIn, parseObject } from '../outbound/untrusted-json.ts';
import type { BackendCall, BackendReply } from './backend-call.ts';
import { type BackendFaultOptions, backendFault } from './backend-fault.ts';
import { said } from './said.ts';

/** `again`: the call may be made again; after `pauseMs` at the earliest, where the CA said so. */
export type AttemptFault = { error: IssuerError; again: boolean; pauseMs?: number | undefined };

/** One attempt, for errors: `what` names the CA. */
export type BackendAttempt = { call: BackendCall; what: string; secrets: readonly string[]; clock: Clock };

/** The fault of an exchange without a whole reply. */
export function silent(error: NoReply, { call, what }: BackendAttempt): AttemptFault {
  const text = `${what}: ${error.message}. ${error.remedy}`;
  const fault = (code: IssuerErrorCode, again: boolean, options: BackendFaultOptions = {}): AttemptFault => ({
    error: backendFault(code, text, { cause: error, ...options }),
    again,
  });
  // The handshake failed, so that the CA read nothing, even though TLS 1.3 lets the client write before it knows.
  if (IDENTITY_ALERT.test(error.code ?? '')) return fault('unauthorised', false);
  if (error.sent && !call.idempotent) return fault('unknown-outcome', false, { retryable: error.status === undefined });
  if (error.status !== undefined) return fault('misconfigured', false);
  return fault('unavailable', error.retryable);
}

/** Statuses that say nothing about the order itself. After 502 and 504 the CA behind a proxy may have acted. */
const PASSING: Readonly<Record<number, IssuerErrorCode>> = {
  429: 'throttled',
  502: 'unknown-outcome',
  503: 'unavailable',
  504: 'unknown-outcome',
};

/** The reply, checked. */
export function checkedReply(reply: OutboundOctets, attempt: BackendAttempt): BackendReply | AttemptFault {
  const { status, headers, octets } = reply;
  if (status >= 300 && status < 400)
    return refused(attempt, `it answered with a redirect (HTTP ${status}), which is never followed`);
  const json = parseObject(octets.toString('utf8'));
  const code = PASSING[status];
  if (code) return passing({ ...reply, json }, code, attempt);
  const whole = { status, headers, octets, json };
  return status < 300 ? success(whole, attempt) : whole;
}

function passing(
  reply: BackendReply,
  code: IssuerErrorCode,
  { call, what, secrets, clock }: BackendAttempt,
): AttemptFault {
  const pauseMs = retryAfterMs(reply.headers['retry-after'], clock);
  const words = said(reply, secrets);
  const known = call.idempotent && code === 'unknown-outcome' ? 'unavailable' : code;
  const error = backendFault(known, `${what}: HTTP ${reply.status}${words === '' ? '' : `, ${words}`}`, {
    retryAfter: pauseMs === undefined ? undefined : Math.ceil(pauseMs / 1000),
  });
  return { error, again: call.idempotent || (call.undone?.includes(reply.status) ?? false), pauseMs };
}

const refused = ({ what }: BackendAttempt, text: string): AttemptFault => ({
  error: backendFault(
    'misconfigured',
    `${what}: ${text}. Look at its address, and for a proxy that answers in its place.`,
  ),
  again: false,
});

/** An empty body has no type. */
function success(reply: BackendReply, attempt: BackendAttempt): BackendReply | AttemptFault {
  if (reply.octets.length === 0) return reply;
  const accepted = [attempt.call.accepts ?? JSON_TYPE].flat();
  const type = (reply.headers['content-type'] ?? '').replace(/;.*$/s, '').trim().toLowerCase();
  if (!accepted.includes(type))
    return refused(
      attempt,
      `it answered ${/^[\w.+/-]{1,80}$/.test(type) ? type : 'no readable type'} in place of ${accepted.join(' or ')}`,
    );
  return type === JSON_TYPE && !isStrictJson(reply) ? unreadable(reply, attempt) : reply;
}

const JSON_TYPE = 'application/json';

/** A JSON object that has no key twice: readers differ in which of the two counts. */
function isStrictJson({ octets, json }: BackendReply): boolean {
  const keys = json ? keysIn(octets.toString('utf8')) : [];
  return json !== undefined && new Set(keys).size === keys.length;
}

/** The CA says that it did what was asked, and the rest cannot be read. */
const unreadable = ({ status }: BackendReply, { call, what }: BackendAttempt): AttemptFault => ({
  error: backendFault(
    call.idempotent ? 'misconfigured' : 'unknown-outcome',
    `${what}: HTTP ${status}, and its body is no whole JSON object`,
    { retryable: false },
  ),
  again: false,
});
