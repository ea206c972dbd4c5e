/** Asks the CA for a certificate, and validates its answer: the issuer of a vendor was not compiled with this product. */
import { started, within } from '../core/ask.ts';
import { defined } from '../core/defined.ts';
import { IssuerError, Refusal, REFUSALS } from '../core/errors.ts';
import type { IssueFacts } from '../core/events.ts';
import type { IssuancePending, Issued } from '../core/issuer.ts';
import type { Allow } from '../core/policy.ts';
import type { StoredCertificate } from '../core/records.ts';
import { certificateRecord } from './certificate-record.ts';
import { checkOrder } from './check-order.ts';
import { discard } from './discard.ts';
import type { Enrollment } from './identify.ts';
import type { RefusedOutcome } from './outcome.ts';
import { revokeAtIssuer } from './tell-issuer.ts';

/** A certificate of the CA, and what is said about it. */
export type MadeCertificate = { kind: 'issued'; certificate: StoredCertificate; made: IssueFacts };

/**
 * What the CA answered. `unreachable`: it could not decide now, and the same request can succeed later. `perhapsMade`: the CA may have a
 * certificate of the request that it was not told to revoke.
 */
export type IssuerAnswer =
  | MadeCertificate
  | { kind: 'pending'; reference: string; retryAfter: number }
  | { kind: 'unreachable'; error: IssuerError }
  | (RefusedOutcome & { perhapsMade?: true });

/** Orders the certificate. Whatever the issuer throws is an answer. */
export async function order(enrollment: Enrollment, decision: Allow): Promise<IssuerAnswer> {
  const { request, endpoint, signal, services } = enrollment;
  try {
    checkOrder(request, decision, endpoint.issuer.capabilities);
  } catch (cause) {
    return refused(cause);
  }
  const began = services.clock().getTime();
  const answer = started(() => endpoint.issuer.issue(request, decision, signal));
  try {
    const given = await within(() => answer, signal);
    const issueMs = services.clock().getTime() - began;
    assertComplete(given, enrollment);
    return timed(await accept(given, enrollment, decision), issueMs);
  } catch (cause) {
    if (!signal.aborted || cause !== signal.reason) return refusal(cause);
    // What comes later may be an exception, or a certificate that cannot be read: there is nothing to revoke then.
    void answer.then((late) => revokeLate(late, enrollment, decision)).catch(() => undefined);
    return { kind: 'unreachable', error: noAnswer(cause) };
  }
}

const timed = (answer: IssuerAnswer, issueMs: number): IssuerAnswer =>
  answer.kind === 'issued' ? { ...answer, made: { ...answer.made, issueMs } } : answer;

/** The device polls, and the policy decides again: the CA is asked as if it had been unreachable. */
const noAnswer = (cause: unknown): IssuerError =>
  new IssuerError(
    {
      code: 'unknown-outcome',
      retryable: true,
      adminText: 'the issuer gave no answer within the time of the request',
      clientText: REFUSALS.issuer_failed.text,
    },
    { cause },
  );

/** A certificate that comes after the deadline is delivered to no device, unless the CA gives the same one again. */
async function revokeLate(late: Issued | IssuancePending, enrollment: Enrollment, decision: Allow): Promise<void> {
  const answer = await accept(late, enrollment, decision);
  const { find, capabilities } = enrollment.endpoint.issuer;
  if (answer.kind === 'issued' && !find && !capabilities?.idempotent)
    await revokeAtIssuer(answer.certificate, 'it came after the time of the request', enrollment);
}

/**
 * Asks about an order that is open. Throws what the issuer throws when it could not find out, and TypeError for an answer
 * that cannot be understood: then the order is still open, and a FAILURE would lose it.
 */
export async function askAgain(enrollment: Enrollment, reference: string, decision: Allow): Promise<IssuerAnswer> {
  const { endpoint, signal } = enrollment;
  const { issuer } = endpoint;
  const poll = issuer.poll?.bind(issuer);
  if (!poll) throw new Error(`${endpoint.name}: the issuer has no poll() for the order ${reference}`);
  let answer: Issued | IssuancePending;
  try {
    answer = await within(() => poll(reference, signal), signal);
  } catch (cause) {
    if (cause instanceof IssuerError || cause instanceof Refusal) return refusal(cause);
    throw cause;
  }
  assertComplete(answer, enrollment);
  return accept(answer.kind === 'issued' ? { reference, ...answer } : answer, enrollment, decision);
}

/** Throws TypeError for an answer that cannot be understood: it says nothing about the order. */
function assertComplete(answer: Partial<Issued | IssuancePending> | undefined, { endpoint }: Enrollment): void {
  if (answer?.kind === 'issued') return;
  if (answer?.kind !== 'pending' || !isComplete(answer))
    throw new TypeError('the issuer answered neither issued nor pending of core/issuer.ts');
  if (!endpoint.issuer.poll) throw new TypeError('the issuer answered pending and has no poll()');
}

const isComplete = ({ reference, retryAfter }: Partial<IssuancePending>): boolean =>
  typeof reference === 'string' && typeof retryAfter === 'number' && retryAfter >= 0;

/** A certificate that must not be delivered is discarded, and the request is refused. */
export async function accept(
  answer: Issued | IssuancePending,
  enrollment: Enrollment,
  decision: Allow,
): Promise<IssuerAnswer> {
  if (answer.kind === 'pending') return answer;
  const { request, services, endpoint } = enrollment;
  const { backend } = endpoint.issuer;
  try {
    const certificate = certificateRecord(answer, { request, decision, endpoint }, services.clock());
    return { kind: 'issued', certificate, made: defined({ profile: answer.profile, backend }) };
  } catch (cause) {
    const isRevoked = await discard(answer, cause, enrollment);
    return { ...refused(cause), ...(!isRevoked && { perhapsMade: true }) };
  }
}

function refusal(cause: unknown): IssuerAnswer & { kind: 'refused' | 'unreachable' } {
  if (cause instanceof IssuerError && cause.retryable) return { kind: 'unreachable', error: cause };
  const isKnown = cause instanceof Refusal || (cause instanceof IssuerError && cause.code !== 'unknown-outcome');
  return { ...refused(cause), ...(!isKnown && { perhapsMade: true }) };
}

function refused(cause: unknown): RefusedOutcome {
  const detail = cause instanceof Error ? cause.message : 'the issuer failed';
  const told = cause instanceof IssuerError ? { text: cause.clientText, facts: { issuerFault: cause.code } } : {};
  return { kind: 'refused', code: cause instanceof Refusal ? cause.code : 'issuer_failed', detail, cause, ...told };
}
