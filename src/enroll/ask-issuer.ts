/** Asks the CA for a certificate, and validates its answer: the issuer of a vendor was not compiled with this product. */
import { within } from '../core/ask.ts';
import { IssuerError, Refusal } from '../core/errors.ts';
import type { IssuancePending, Issued } from '../core/issuer.ts';
import type { Allow } from '../core/policy.ts';
import type { StoredCertificate } from '../core/records.ts';
import { certificateRecord } from './certificate-record.ts';
import type { Enrollment } from './identify.ts';
import type { RefusedOutcome } from './outcome.ts';

/** What the CA answered. `unreachable`: it could not decide now, and the same request can succeed later. */
export type IssuerAnswer =
  | { kind: 'issued'; certificate: StoredCertificate }
  | { kind: 'pending'; reference: string; retryAfter: number }
  | { kind: 'unreachable'; error: IssuerError }
  | RefusedOutcome;

/** Orders the certificate. Whatever the issuer throws is an answer. */
export async function order(enrollment: Enrollment, decision: Allow): Promise<IssuerAnswer> {
  const { request, endpoint, signal } = enrollment;
  try {
    return accept(await endpoint.issuer.issue(request, decision, signal), enrollment);
  } catch (cause) {
    return refusal(cause);
  }
}

/**
 * Asks about an order that is open. Throws what the issuer throws when it could not find out: then the order is still
 * open, and a FAILURE would lose it.
 */
export async function askAgain(enrollment: Enrollment, reference: string): Promise<IssuerAnswer> {
  const { endpoint, signal } = enrollment;
  const { issuer } = endpoint;
  if (!issuer.poll) throw new Error(`${endpoint.name}: the issuer has no poll() for the order ${reference}`);
  const answer = await within(issuer.poll(reference, signal), signal).catch(decided);
  if (answer.kind === 'refused' || answer.kind === 'unreachable') return answer;
  try {
    return accept(answer, enrollment);
  } catch (cause) {
    return refusal(cause);
  }
}

function decided(cause: unknown): IssuerAnswer & { kind: 'refused' | 'unreachable' } {
  if (cause instanceof IssuerError || cause instanceof Refusal) return refusal(cause);
  throw cause;
}

/** Throws Error for an answer that must not be used. */
function accept(answer: Issued | IssuancePending, enrollment: Enrollment): IssuerAnswer {
  const { request, services, endpoint } = enrollment;
  if (answer.kind === 'issued')
    return { kind: 'issued', certificate: certificateRecord(answer, request, services.clock()) };
  if (!isPending(answer)) throw new TypeError('the issuer answered neither issued nor pending of core/issuer.ts');
  if (!endpoint.issuer.poll) throw new TypeError('the issuer answered pending and has no poll()');
  return answer;
}

const isPending = ({ kind, reference, retryAfter }: Partial<IssuancePending>): boolean =>
  kind === 'pending' && typeof reference === 'string' && typeof retryAfter === 'number' && retryAfter >= 0;

function refusal(cause: unknown): IssuerAnswer & { kind: 'refused' | 'unreachable' } {
  if (cause instanceof IssuerError && cause.retryable) return { kind: 'unreachable', error: cause };
  const detail = cause instanceof Error ? cause.message : 'the issuer failed';
  const text = cause instanceof IssuerError ? { text: cause.clientText } : {};
  return { kind: 'refused', code: cause instanceof Refusal ? cause.code : 'issuer_failed', detail, cause, ...text };
}
