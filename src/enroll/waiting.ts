/** Requests that get PENDING: what is recorded of them, and how long they may wait. */
import { defined } from '../core/defined.ts';
import { HOUR } from '../core/durations.ts';
import { HttpError, type IssuerError } from '../core/errors.ts';
import type { IssuancePending } from '../core/issuer.ts';
import type { Allow } from '../core/policy.ts';
import type { AuditEntry, PendingIssuance, PendingReason } from '../core/records.ts';
import type { Pending } from '../core/store.ts';
import { earlierOutcome } from './earlier-outcome.ts';
import type { Enrollment } from './identify.ts';
import type { Outcome, PendingOutcome } from './outcome.ts';
import { renewedCertificate } from './renewed.ts';
import { pauseOf } from './retry-delay.ts';
import { BY_DEVICE, CHALLENGE_USED } from './record.ts';

/**
 * How long a request may wait for a policy that cannot be reached: the lifetime of an Intune challenge.
 * Milliseconds.
 */
export const UNREACHABLE_PATIENCE = HOUR;

/** Counted from when the request was first seen: that is when the lifetime of its challenge began. */
export function isOutOfPatience({ earlier, services }: Enrollment): boolean {
  const waited = earlier ? services.clock().getTime() - earlier.createdAt.getTime() : 0;
  return waited > UNREACHABLE_PATIENCE;
}

/** Why a request waits. `detail` is for the log. */
export type Wait = Pick<Allow, 'consumes' | 'facts'> & {
  reason: PendingReason;
  detail: string;
  issuance?: PendingIssuance;
};

/** Octets of a CSR and requests of one endpoint, by what they wait for. */
type Bounds = { longest: number; most: number };

/**
 * What may wait at one endpoint. A client without credentials can make requests wait while its policy cannot be reached,
 * or for a service that has not decided. A CA that has taken an order is not asked to forget it.
 */
const BOUNDS: Readonly<Partial<Record<PendingReason, Bounds>>> = {
  unreachable: { longest: 16 * 1024, most: 2_000 },
  undecided: { longest: 16 * 1024, most: 2_000 },
  approval: { longest: 128 * 1024, most: 2_000 },
};

/**
 * Records that the request waits, unless it got an answer meanwhile. Throws HttpError `waiting_full` for a request that
 * is too long to wait, and while too many wait: it costs no disk, and the device comes again.
 */
export async function wait(enrollment: Enrollment, waiting: Wait): Promise<Outcome> {
  const { request, services } = enrollment;
  const { longest = Infinity, most } = BOUNDS[waiting.reason] ?? {};
  const { length } = request.csr.der;
  if (length > longest) throw full(waiting, `a request of ${length} octets is too long to wait`);
  const result = await services.store.recordPending({ ...pendingOf(enrollment, waiting), ...defined({ most }) });
  if (result.kind === 'full') throw full(waiting, `${most} requests wait already`);
  if (result.kind === 'consumed') return CHALLENGE_USED;
  const meanwhile = result.kind === 'duplicate' ? earlierOutcome(result.existing, enrollment) : undefined;
  return meanwhile ?? pendingOutcome(waiting);
}

/** What is recorded of a request that waits. */
export function pendingOf(enrollment: Enrollment, { reason, consumes, issuance }: Wait): Pending {
  const { request, transaction, earlier } = enrollment;
  // A poll can come under another certificate of the same key.
  const signedBy = enrollment.signedBy?.record.der ?? earlier?.signedBy;
  return {
    transaction: { ...transaction, reason, csr: request.csr.der, ...defined({ issuance, signedBy }) },
    audit: auditOf(enrollment, reason),
    ...defined({ consumes }),
    ...(earlier?.certificate && { supersedes: earlier.certificate.serial }),
  };
}

const auditOf = ({ transaction, services }: Enrollment, reason: PendingReason): AuditEntry => {
  const { endpoint, transactionId } = transaction;
  return { at: services.clock(), event: 'pending', endpoint, transactionId, ...BY_DEVICE, detail: reason };
};

const full = ({ reason, detail }: Wait, why: string): HttpError =>
  new HttpError('waiting_full', `${reason}: ${detail}; ${why}`);

const pendingOutcome = ({ reason, detail, facts }: Wait): PendingOutcome => ({
  kind: 'pending',
  reason: `${reason}: ${detail}`,
  ...(facts && { facts }),
});

/** What is recorded with a request that waits for the CA: what was allowed, because the policy is not called again. */
export async function issuanceOf(
  enrollment: Enrollment,
  { notify, vouchesForNames, vouchesForPurposes, withinRenewed, facts, consumes }: Allow,
  at: Pick<PendingIssuance, 'reference' | 'retryAt'>,
): Promise<PendingIssuance> {
  const renewed = await renewedCertificate(enrollment);
  return {
    ...at,
    notify,
    ...defined({ vouchesForNames, vouchesForPurposes, withinRenewed, facts, consumes }),
    ...(renewed && {
      renews: { issuerId: renewed.issuerId, serial: renewed.serial },
      lineSince: renewed.firstIssuedAt,
    }),
  };
}

/** What `issuanceOf` has kept. The challenge is used up already. */
export function allowedIn({
  notify,
  vouchesForNames,
  vouchesForPurposes,
  withinRenewed,
  facts,
}: PendingIssuance): Allow {
  return { kind: 'allow', notify, ...defined({ vouchesForNames, vouchesForPurposes, withinRenewed, facts }) };
}

/**
 * The key of a CA in this process does not answer, or a rate is used up. The challenge is used up now, so that it serves no second request
 * meanwhile; what was allowed stays.
 */
export async function waitForKey(
  enrollment: Enrollment,
  decision: Allow,
  { retryAfter, message: detail, code }: IssuerError,
): Promise<Outcome> {
  const { consumes } = decision;
  const facts = { ...decision.facts, issuerFault: code };
  const issuance = await issuanceOf(enrollment, decision, { retryAt: retryAt(enrollment, retryAfter) });
  const outcome = await wait(enrollment, { reason: 'issuer', detail, issuance, ...defined({ consumes }) });
  return outcome.kind === 'pending' ? pendingOutcome({ reason: 'unreachable', detail, facts }) : outcome;
}

/** The CA has still not decided. */
export async function waitOn(
  enrollment: Enrollment,
  issuance: PendingIssuance,
  again?: Pick<IssuancePending, 'retryAfter'> & Partial<IssuancePending>,
): Promise<PendingOutcome> {
  const { transaction, services } = enrollment;
  const { facts } = issuance;
  const reference = again?.reference ?? issuance.reference;
  if (again)
    await services.store.postponeIssuance(
      transaction.key,
      { ...issuance, ...defined({ reference }), retryAt: retryAt(enrollment, again.retryAfter) },
      // The history says once that it waits.
      issuance.reference === undefined && reference !== undefined ? { audit: auditOf(enrollment, 'issuer') } : {},
    );
  return pendingOutcome({ reason: 'issuer', detail: reference ?? 'asked', ...defined({ facts }) });
}

/** The CA could not be reached, or asks for patience: the order stands, and the CA is asked when the device comes again. */
export async function waitOnUnreachable(
  enrollment: Enrollment,
  issuance: PendingIssuance,
  { retryAfter, message: detail, code }: IssuerError,
): Promise<PendingOutcome> {
  const { reference } = issuance;
  if (reference !== undefined)
    return waitOn(enrollment, issuance, retryAfter === undefined ? undefined : { retryAfter });
  await waitOn(enrollment, issuance, { retryAfter: retryAfter ?? 0 });
  return pendingOutcome({ reason: 'unreachable', detail, facts: { ...issuance.facts, issuerFault: code } });
}

const retryAt = ({ services }: Enrollment, seconds = 0): Date =>
  new Date(services.clock().getTime() + pauseOf(seconds));
