/** One enrolment, in order. This file is the only place that knows the order of the steps. */
import type { Allow, Decision, Deny, Pend } from '../core/policy.ts';
import { ask } from '../core/ask.ts';
import { REFUSALS, Refusal, type RefusalCode } from '../core/errors.ts';
import { certificateRecord } from './certificate-record.ts';
import { earlierOutcome } from './earlier-outcome.ts';
import { allowsSelfRenewal, type Enrollment } from './identify.ts';
import { failureNotification, sendStrict } from './notifications.ts';
import type { IssuedOutcome, Outcome, RefusedOutcome } from './outcome.ts';
import { BY_DEVICE, CHALLENGE_USED, recordIssuance } from './record.ts';
import { asRenewal, renewalDecision } from './renewal.ts';

/** How long a request may wait for a policy that cannot be reached: the lifetime of an Intune challenge. Milliseconds. */
export const UNREACHABLE_PATIENCE = 60 * 60_000;

/**
 * earlier outcome → decide → issue → record → notify. Every exit is an Outcome. An exception (the store, a key) means
 * that no answer may be given.
 */
export async function enroll(identified: Enrollment): Promise<Outcome> {
  const earlier = await identified.services.store.findTransaction(identified.transaction.key);
  const repeat = earlier && earlierOutcome(earlier, identified);
  if (repeat) return repeat;

  const enrollment: Enrollment = earlier ? { ...identified, earlier } : identified;
  const decision = await decide(enrollment);
  if (decision.kind === 'deny') return refuse(enrollment, decision);
  if (decision.kind === 'pend') return postpone(enrollment, decision);
  const issued = await issue(enrollment, decision);
  return issued.kind === 'issued' ? recordAndNotify(enrollment, decision, issued) : issued;
}

/** The decision of an administrator, of the certificate that is renewed, or of the policy. */
async function decide(enrollment: Enrollment): Promise<Decision> {
  const { earlier, endpoint, signal } = enrollment;
  // Only a request that waited for approval: an administrator cannot approve in the place of Intune.
  if (earlier?.state === 'approved' && earlier.reason === 'approval')
    return { kind: 'allow', notify: 'none', facts: { approved: 'manually' } };
  // Intune sends a new challenge with every request, and must be asked about each one, whichever certificate signed it.
  const renewal = allowsSelfRenewal(endpoint) && renewalDecision(enrollment);
  if (renewal) return renewal;
  const decision = await ask(endpoint.policy, asRenewal(enrollment), signal);
  return decision.kind === 'allow' && endpoint.approval === 'manual' ? afterApproval(decision) : decision;
}

const afterApproval = ({ consumes, facts }: Allow): Pend => ({
  kind: 'pend',
  reason: 'approval',
  detail: 'an administrator decides: openndes certs approve',
  ...(consumes !== undefined && { consumes }),
  ...(facts && { facts }),
});

/** A request that waited is removed: a denial is final for this message only, and the device may send it again. */
async function refuse({ earlier, services }: Enrollment, { code, detail, facts }: Deny): Promise<RefusedOutcome> {
  if (earlier?.state === 'pending') await services.store.withdrawPending(earlier.key);
  return { kind: 'refused', code, detail, ...(facts && { facts }) };
}

async function postpone(enrollment: Enrollment, decision: Pend): Promise<Outcome> {
  const { request, transaction, earlier, services } = enrollment;
  const { reason, detail, consumes, facts } = decision;
  const now = services.clock();
  // Counted from when the request was first seen: that is when the lifetime of its challenge began.
  const waited = earlier ? now.getTime() - earlier.createdAt.getTime() : 0;
  if (reason === 'unreachable' && waited > UNREACHABLE_PATIENCE)
    return { kind: 'refused', code: 'policy_unreachable', detail, ...(facts && { facts }) };
  const { endpoint, transactionId } = transaction;
  const result = await services.store.recordPending({
    transaction: { ...transaction, reason, csr: request.csr.der },
    audit: { at: now, event: 'pending', endpoint, transactionId, ...BY_DEVICE, detail: reason },
    ...(consumes !== undefined && { consumes }),
    ...(earlier?.certificate && { supersedes: earlier.certificate.serial }),
  });
  if (result.kind === 'consumed') return CHALLENGE_USED;
  return { kind: 'pending', reason: `${reason}: ${detail}`, ...(facts && { facts }) };
}

async function issue(enrollment: Enrollment, decision: Allow): Promise<IssuedOutcome | RefusedOutcome> {
  const { request, endpoint, services, signal } = enrollment;
  const facts = decision.facts && { facts: decision.facts };
  try {
    const der = await endpoint.issuer.issue(request, decision, signal);
    const certificate = certificateRecord(der, request, endpoint.chain, services.clock());
    return { kind: 'issued', certificate, repeat: false, ...facts };
  } catch (cause) {
    const code = cause instanceof Refusal ? cause.code : 'issuer_failed';
    await queueFailureNotification(enrollment, decision, code);
    const detail = cause instanceof Error ? cause.message : 'the issuer failed';
    return { kind: 'refused', code, detail, cause, ...facts };
  }
}

/** The authorizer allowed the request and must learn that no certificate came of it; the device does not wait for that. */
async function queueFailureNotification(
  { request, services }: Enrollment,
  { notify }: Allow,
  code: RefusalCode,
): Promise<void> {
  if (notify !== 'none') await services.store.recordNotification(failureNotification(request, REFUSALS[code]));
}

/** Everything is recorded, in one transaction, before the authorizer or the device learns of the certificate. */
async function recordAndNotify(enrollment: Enrollment, decision: Allow, issued: IssuedOutcome): Promise<Outcome> {
  const { result, certificate, notification } = await recordIssuance(enrollment, decision, issued.certificate);
  if (result.kind === 'consumed') {
    await queueFailureNotification(enrollment, decision, CHALLENGE_USED.code);
    return CHALLENGE_USED;
  }
  if (result.kind === 'duplicate')
    return earlierOutcome(result.existing, enrollment) ?? { kind: 'pending', reason: 'duplicate' };
  const recorded = { ...issued, certificate };
  if (decision.notify !== 'strict' || !notification || !result.notification) return recorded;
  return sendStrict({ ...result.notification, notification }, recorded, enrollment);
}
