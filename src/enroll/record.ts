/** Records an issued certificate with its transaction, audit entry and notification; all of them or none. */
import type { SuccessNotification } from '../core/notification.ts';
import type { Allow } from '../core/policy.ts';
import { openOrder } from '../core/lifecycle.ts';
import type { CertificateId, StoredCertificate, StoredTransaction } from '../core/records.ts';
import { mayBeRecorded } from '../core/store-faults.ts';
import type { Issuance, RecordResult } from '../core/store.ts';
import { namesOf } from './certificate-record.ts';
import { allowsSelfRenewal, type Enrollment } from './identify.ts';
import { canComeAgain, makesHere } from './made-here.ts';
import { successNotification } from './notifications.ts';
import type { RefusedOutcome } from './outcome.ts';
import { MOST_RENEWALS } from './renewal.ts';
import { renewedCertificate } from './renewed.ts';
import { revokeAtIssuer } from './tell-issuer.ts';

/** Milliseconds for which a running request keeps its strict notification. Then its process has ended. */
export const ORPHANED_AFTER = 90_000;

/** Actor and source of an audit entry about the request of a device. */
export const BY_DEVICE = { actor: { kind: 'device' }, source: 'scep' } as const;

/** The same for a certificate that a job found at the CA. */
const BY_JOB = { actor: { kind: 'system' }, source: 'job', detail: 'found at the CA by the job orders' } as const;

/** The refusal of a request whose one-time challenge is used up. */
export const CHALLENGE_USED = {
  kind: 'refused',
  code: 'challenge_used',
  detail: 'the one-time challenge was used by another request',
} as const satisfies RefusedOutcome;

/** The refusal of a renewal that was one of several at the same time. */
export const RENEWED_ALREADY = {
  kind: 'refused',
  code: 'renewal_refused',
  detail: 'the certificate was renewed already, by other requests at the same time',
} as const satisfies RefusedOutcome;

/**
 * What was handed to the store, and what the store said; refused when the CA gave a certificate that is recorded already.
 * `notification` is the one that the decision asks for.
 */
export type RecordedIssuance = {
  result: RecordResult | RefusedOutcome;
  certificate: StoredCertificate;
  notification?: SuccessNotification;
};

/**
 * Under `notify: strict` the certificate stays `issued` until the notification is acknowledged; otherwise it is
 * `delivered` at once. Throws what the store throws.
 */
export async function recordIssuance(
  enrollment: Enrollment,
  { notify, consumes }: Allow,
  issued: StoredCertificate,
): Promise<RecordedIssuance> {
  const { request, transaction, earlier, services } = enrollment;
  const now = services.clock();
  const renewed = await renewedCertificate(enrollment);
  const certificate: StoredCertificate = {
    ...issued,
    ...(renewed && { renews: idOf(renewed), firstIssuedAt: renewed.firstIssuedAt }),
    ...(notify !== 'strict' && { state: 'delivered', deliveredAt: now }),
  };
  const notification = notify === 'none' ? undefined : successNotification(request, certificate);
  const { endpoint, transactionId } = transaction;
  const { issuerId, serial } = certificate;
  const by = enrollment.isAlone ? BY_JOB : BY_DEVICE;
  const lease = notify === 'strict' && { lease: { owner: services.owner, leaseMs: ORPHANED_AFTER } };
  const result = await recordOrRevoke(enrollment, {
    transaction,
    certificate,
    names: namesOf(certificate),
    audit: { at: now, event: 'issued', endpoint, transactionId, issuerId, serial, ...by },
    ...(notification && notify !== 'none' && { notification: { notification, mode: notify, ...lease } }),
    ...(consumes !== undefined && { consumes }),
    ...(!makesHere(enrollment.endpoint.issuer) && { order: request.requestKey }),
    ...(certificate.renews && allowsSelfRenewal(enrollment.endpoint) && { mostRenewals: MOST_RENEWALS }),
    ...(earlier?.certificate && { supersedes: earlier.certificate.serial }),
  });
  return { result, certificate, ...(notification && { notification }) };
}

/** Why a certificate was not recorded, for the audit. */
const NOT_RECORDED: Readonly<Record<Exclude<RecordResult['kind'], 'recorded'>, string>> = {
  duplicate: 'the request got another certificate, or was rejected, at the same time',
  consumed: CHALLENGE_USED.detail,
  renewed: RENEWED_ALREADY.detail,
  revoked: 'the certificate that authorized it, or its key, was revoked at the same time',
};

const idOf = ({ issuerId, serial }: CertificateId): CertificateId => ({ issuerId, serial });

/**
 * If recording fails, the issuing CA is asked to revoke what it signed: the certificate is delivered to no device. One
 * that can still be delivered is not revoked: a CA that lets requests wait gives it again at the next poll. Neither is one
 * that is recorded, by another process or for an earlier request, or that may be, because the answer to the commit was
 * lost: it can be in use.
 */
async function recordOrRevoke(enrollment: Enrollment, issuance: Issuance): Promise<RecordedIssuance['result']> {
  const { store } = enrollment.services;
  const { certificate } = issuance;
  try {
    const result = await store.recordIssued(issuance);
    if (result.kind !== 'recorded' && !(await store.findCertificate(certificate)))
      await revokeAtIssuer(certificate, NOT_RECORDED[result.kind], enrollment);
    return result;
  } catch (error) {
    // The certificate first: a commit that is still under way can end between both, and then its transaction is seen too.
    const isThere = await store.findCertificate(certificate).catch(() => undefined);
    if (isThere) return recordedAlready(enrollment, certificate, error);
    if (!mayBeRecorded(error) && !isGivenAgain(enrollment))
      await revokeAtIssuer(certificate, 'it could not be recorded', enrollment);
    throw error;
  }
}

/** Whether the CA gives the certificate again: at a poll, by `find`, or for the same order. */
const isGivenAgain = ({ earlier, endpoint }: Enrollment): boolean =>
  (earlier !== undefined && openOrder(earlier)?.reference !== undefined) || canComeAgain(endpoint.issuer);

/**
 * For a certificate that is in the store though recording it failed. When the transaction of this request has it now and had it not
 * before, only the answer of the store was lost. Throws what the store throws.
 */
async function recordedAlready(
  { transaction, earlier, services }: Enrollment,
  certificate: StoredCertificate,
  error: unknown,
): Promise<RecordedIssuance['result']> {
  const { issuerId, serial } = certificate;
  const isOf = (found: StoredTransaction | undefined): boolean =>
    found?.certificate?.issuerId === issuerId && found.certificate.serial === serial;
  const existing = await services.store.findTransaction(transaction.key);
  return existing && isOf(existing) && !isOf(earlier)
    ? { kind: 'duplicate', existing }
    : issuedBefore(certificate, error);
}

const issuedBefore = ({ serial }: StoredCertificate, cause: unknown): RefusedOutcome => ({
  kind: 'refused',
  code: 'issuer_failed',
  detail: `the issuer gave the certificate ${serial}, which it has given for an earlier request`,
  cause,
});
