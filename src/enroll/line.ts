/** One enrolment, in order. This file is the only place that knows what comes after what. */
import type { Allow, Decision, Pend } from '../core/policy.ts';
import type { EnrollmentRequest } from '../core/request.ts';
import { ask } from '../core/ask.ts';
import { REFUSALS, Refusal, type RefusalCode } from '../core/errors.ts';
import type { Issuance, RecordResult } from '../core/store.ts';
import type { StoredCertificate, StoredTransaction } from '../core/records.ts';
import { certificateRecord } from './certificate-record.ts';
import type { Endpoint, EnrollmentServices } from './endpoint.ts';
import { failureNotification, sendStrict, successNotification, tellRevoker } from './notifications.ts';
import type { Outcome } from './outcome.ts';
import { type Recognised, speaksForItself } from './identify.ts';
import { asRenewal, renewalDecision } from './renewal.ts';

/** Pending because nobody could be asked: longer than Intune's challenge lives there is nothing to wait for. */
export const UNREACHABLE_PATIENCE = 60 * 60_000;

const CHALLENGE_USED = {
  kind: 'refused',
  code: 'challenge_used',
  detail: 'the one-time challenge was used by another request',
} as const satisfies Outcome;

/**
 * earlier outcome → permission → approval → issue → record → settle. Every exit is an Outcome; what throws beyond that
 * (the store, a key) means that nothing may be answered.
 */
export async function enroll(recognised: Recognised, endpoint: Endpoint, around: EnrollmentServices): Promise<Outcome> {
  const earlier = await around.store.findTransaction(recognised.transaction.key);
  const repeat = earlier && repeated(earlier, endpoint, around);
  if (repeat) return repeat;

  const signal = around.deadline();
  const decision = await permission(recognised, earlier, endpoint, around, signal);
  if (decision.kind === 'deny') {
    if (earlier?.state === 'pending') await around.store.withdrawPending(earlier.key);
    return { ...decision, kind: 'refused' };
  }
  if (decision.kind === 'pend') return postpone(recognised, earlier, decision, around);

  const issued = await issue(recognised, decision, endpoint, around, signal);
  if (issued.kind !== 'issued') return issued;
  return settle(issued, recognised, earlier, decision, endpoint, around);
}

/** Who says yes: an administrator who did already, the certificate that is renewed, or the policy. */
async function permission(
  recognised: Recognised,
  earlier: StoredTransaction | undefined,
  endpoint: Endpoint,
  { clock }: EnrollmentServices,
  signal: AbortSignal,
): Promise<Decision> {
  // Only what waited for it: nobody can approve in Intune's place.
  if (earlier?.state === 'approved' && earlier.reason === 'approval')
    return { kind: 'allow', notify: 'none', facts: { approved: 'manually' } };
  // Intune sends a new challenge with every request and wants to hear of every one, whoever signed it.
  const renewal = speaksForItself(endpoint) && renewalDecision(recognised, endpoint, clock());
  if (renewal) return renewal;
  const decision = await ask(endpoint.policy, asRenewal(recognised, endpoint, clock()), signal);
  return decision.kind === 'allow' && endpoint.approval === 'manual' ? afterApproval(decision) : decision;
}

const afterApproval = ({ consumes, facts }: Allow): Pend => ({
  kind: 'pend',
  reason: 'approval',
  detail: 'an administrator decides: openndes certs approve',
  ...(consumes !== undefined && { consumes }),
  ...(facts && { facts }),
});

/** What an identical request already got, if it still stands. RFC 8894 4.4 and 5.2, NDES's CacheRequest. */
function repeated(earlier: StoredTransaction, endpoint: Endpoint, { clock }: EnrollmentServices): Outcome | undefined {
  const { certificate } = earlier;
  if (earlier.state === 'rejected')
    return { kind: 'refused', code: 'rejected', detail: 'rejected by an administrator' };
  if (earlier.state === 'pending' && earlier.reason === 'approval') return { kind: 'pending', reason: 'approval' };
  if (earlier.state !== 'issued' || !certificate || certificate.state === 'revoked') return undefined;
  // Recorded, and somebody's word about it is still awaited: another process is at it, or the recovery will be.
  if (certificate.state === 'issued') return { kind: 'pending', reason: 'notification' };
  const now = clock().getTime();
  const stands = now - certificate.issuedAt.getTime() < endpoint.retention && now < certificate.notAfter.getTime();
  return stands ? { kind: 'issued', certificate, repeat: true } : undefined;
}

async function postpone(
  { transaction, request }: Recognised,
  earlier: StoredTransaction | undefined,
  { reason, detail, consumes, facts }: Pend,
  { store, clock }: EnrollmentServices,
): Promise<Outcome> {
  const now = clock();
  // Since its first sight, whatever became of it: the challenge in it has been ageing all the time.
  const waited = earlier ? now.getTime() - earlier.createdAt.getTime() : 0;
  if (reason === 'unreachable' && waited > UNREACHABLE_PATIENCE)
    return { kind: 'refused', code: 'policy_unreachable', detail, ...(facts && { facts }) };
  const { endpoint, transactionId } = transaction;
  const result = await store.recordPending({
    transaction: { ...transaction, reason, csr: request.csr.der },
    audit: { at: now, event: 'pending', endpoint, transactionId, detail: reason },
    ...(consumes !== undefined && { consumes }),
    ...(earlier?.certificate && { supersedes: earlier.certificate.serial }),
  });
  if (result.kind === 'consumed') return CHALLENGE_USED;
  return { kind: 'pending', reason: `${reason}: ${detail}`, ...(facts && { facts }) };
}

async function issue(
  { request }: Recognised,
  decision: Allow,
  endpoint: Endpoint,
  around: EnrollmentServices,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const der = await endpoint.issuer.issue(request, decision, signal);
    const certificate = certificateRecord(der, request, around.clock());
    return { kind: 'issued', certificate, repeat: false, ...(decision.facts && { facts: decision.facts }) };
  } catch (cause) {
    const code = cause instanceof Refusal ? cause.code : 'issuer_failed';
    if (decision.notify !== 'none') await oweFailure(request, code, around);
    const detail = cause instanceof Error ? cause.message : 'the issuer failed';
    return { kind: 'refused', code, detail, cause, ...(decision.facts && { facts: decision.facts }) };
  }
}

/** The authoriser allowed it and must hear that nothing came of it; from the outbox, so that nobody waits. */
async function oweFailure(request: EnrollmentRequest, code: RefusalCode, { store }: EnrollmentServices): Promise<void> {
  await store.recordNotification(failureNotification(request, REFUSALS[code]));
}

/** Records first, in one transaction; only then is anybody told. */
async function settle(
  issued: Outcome & { kind: 'issued' },
  { request, transaction }: Recognised,
  earlier: StoredTransaction | undefined,
  decision: Allow,
  endpoint: Endpoint,
  around: EnrollmentServices,
): Promise<Outcome> {
  const { notify, consumes } = decision;
  const now = around.clock();
  const certificate =
    notify === 'strict' ? issued.certificate : { ...issued.certificate, state: 'delivered' as const, deliveredAt: now };
  const notification =
    notify === 'none' ? undefined : { notification: successNotification(request, certificate), mode: notify };
  const result = await recordOrRevoke(issued.certificate, endpoint, around, {
    transaction,
    certificate,
    audit: {
      at: now,
      event: 'issued',
      endpoint: endpoint.name,
      transactionId: request.transactionId,
      serial: certificate.serial,
    },
    ...(notification && { notification }),
    ...(consumes !== undefined && { consumes }),
    ...(earlier?.certificate && { supersedes: earlier.certificate.serial }),
  });
  if (result.kind === 'consumed') {
    if (notify !== 'none') await oweFailure(request, CHALLENGE_USED.code, around);
    return CHALLENGE_USED;
  }
  if (result.kind === 'duplicate')
    return repeated(result.existing, endpoint, around) ?? { kind: 'pending', reason: 'duplicate' };
  if (!notification || notify !== 'strict' || result.notificationId === undefined) return { ...issued, certificate };
  return sendStrict(
    { id: result.notificationId, notification: notification.notification },
    { ...issued, certificate },
    endpoint,
    around,
  );
}

/** A certificate that was signed and is not recorded is nobody's: a CA with a list of its own must hear of it. */
async function recordOrRevoke(
  certificate: StoredCertificate,
  endpoint: Endpoint,
  around: EnrollmentServices,
  issuance: Issuance,
): Promise<RecordResult> {
  try {
    const result = await around.store.recordIssued(issuance);
    if (result.kind !== 'recorded') await tellRevoker(certificate, endpoint, around);
    return result;
  } catch (error) {
    await tellRevoker(certificate, endpoint, around);
    throw error;
  }
}
