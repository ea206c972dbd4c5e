/** Requests that get PENDING: what is recorded of them, and how long they may wait. */
import { defined } from '../core/defined.ts';
import { HOUR } from '../core/durations.ts';
import { HttpError, type IssuerError } from '../core/errors.ts';
import type { IssuancePending } from '../core/issuer.ts';
import type { Allow } from '../core/policy.ts';
import type { PendingIssuance, PendingReason } from '../core/records.ts';
import { earlierOutcome } from './earlier-outcome.ts';
import type { Enrollment } from './identify.ts';
import type { Outcome, PendingOutcome } from './outcome.ts';
import { renewedCertificate } from './renewed.ts';
import { pauseOf } from './retry-delay.ts';
import { BY_DEVICE, CHALLENGE_USED } from './record.ts';

/**
 * How long a request may wait for a policy or a CA that cannot be reached: the lifetime of an Intune challenge.
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
  const { request, transaction, earlier, services } = enrollment;
  const { reason, consumes, issuance } = waiting;
  const { endpoint, transactionId } = transaction;
  // A poll can come under another certificate of the same key.
  const signedBy = enrollment.signedBy?.record.der ?? earlier?.signedBy;
  const { longest = Infinity, most } = BOUNDS[reason] ?? {};
  const { length } = request.csr.der;
  if (length > longest) throw full(waiting, `a request of ${length} octets is too long to wait`);
  const result = await services.store.recordPending({
    transaction: { ...transaction, reason, csr: request.csr.der, ...defined({ issuance, signedBy }) },
    audit: { at: services.clock(), event: 'pending', endpoint, transactionId, ...BY_DEVICE, detail: reason },
    ...(consumes !== undefined && { consumes }),
    ...(most !== undefined && { most }),
    ...(earlier?.certificate && { supersedes: earlier.certificate.serial }),
  });
  if (result.kind === 'full') throw full(waiting, `${most} requests wait already`);
  if (result.kind === 'consumed') return CHALLENGE_USED;
  const meanwhile = result.kind === 'duplicate' ? earlierOutcome(result.existing, enrollment) : undefined;
  return meanwhile ?? pendingOutcome(waiting);
}

const full = ({ reason, detail }: Wait, why: string): HttpError =>
  new HttpError('waiting_full', `${reason}: ${detail}; ${why}`);

const pendingOutcome = ({ reason, detail, facts }: Wait): PendingOutcome => ({
  kind: 'pending',
  reason: `${reason}: ${detail}`,
  ...(facts && { facts }),
});

/**
 * The CA decides. The challenge is used up now, so that it serves no second request meanwhile; what the policy allowed is
 * recorded, because it is not called again.
 */
export async function waitForIssuer(
  enrollment: Enrollment,
  { notify, vouchesForNames, facts, consumes }: Allow,
  pending: IssuancePending,
): Promise<Outcome> {
  const { reference } = pending;
  const renewed = await renewedCertificate(enrollment);
  const issuance: PendingIssuance = {
    reference,
    retryAt: retryAt(enrollment, pending.retryAfter),
    notify,
    ...(vouchesForNames !== undefined && { vouchesForNames }),
    ...(facts && { facts }),
    ...(renewed && {
      renews: { issuerId: renewed.issuerId, serial: renewed.serial },
      lineSince: renewed.firstIssuedAt,
    }),
  };
  const waiting = { reason: 'issuer', detail: reference, ...(facts && { facts }), issuance } as const;
  return wait(enrollment, { ...waiting, ...(consumes !== undefined && { consumes }) });
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
    await services.store.postponeIssuance(transaction.key, {
      ...issuance,
      reference,
      retryAt: retryAt(enrollment, again.retryAfter),
    });
  return pendingOutcome({ reason: 'issuer', detail: reference, ...(facts && { facts }) });
}

/** The CA could not be reached about an open order, or asks for patience. */
export const waitOnUnreachable = (
  enrollment: Enrollment,
  issuance: PendingIssuance,
  { retryAfter }: IssuerError,
): Promise<PendingOutcome> => waitOn(enrollment, issuance, retryAfter === undefined ? undefined : { retryAfter });

const retryAt = ({ services }: Enrollment, seconds: number): Date =>
  new Date(services.clock().getTime() + pauseOf(seconds));
