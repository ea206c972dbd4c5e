/**
 * What a transaction and its certificate mean together: one row for each state that a request can be in. The enrolment
 * line, the queries and the store all read this table, so they cannot disagree.
 */
import type { PendingIssuance, PendingReason, StoredCertificate, StoredTransaction } from './records.ts';

/**
 * Answers that the record alone determines. `certificate`: the recorded one. `approval`, `notification`: PENDING.
 * `rejected`, `revoked`, `expired`: FAILURE.
 */
export type RecordedAnswer = 'certificate' | 'approval' | 'notification' | 'rejected' | 'revoked' | 'expired';

/** What the table says about one state. */
export type Lifecycle = {
  /** What an identical request gets (RFC 8894 4.4 and 5.2); `decide`: it is decided like a new one. */
  repeat: RecordedAnswer | 'decide';
  /** What a poll gets when the request is erased. While the store has the request, a poll is a repeat. */
  poll: RecordedAnswer;
  /** Whether an issuance may replace it; `superseded`: only one that names its certificate as superseded. */
  issuance: 'replaces' | 'superseded' | 'blocked';
  /**
   * The same for a request that begins to wait; `reason`: only one that waits for another reason; `issuer`: only one
   * that waits for the CA.
   */
  pending: 'replaces' | 'superseded' | 'reason' | 'issuer' | 'blocked';
  /** Whether the store has the CSR, and the challenge in it; `expires`: until the challenge can no longer be valid. */
  request: 'kept' | 'expires' | 'erased';
  /** How lists show it to an administrator. */
  shown: string;
};

type WaitingState = `pending (${PendingReason})`;
type CertificateLife = 'undelivered' | 'delivered' | 'revoked' | 'never delivered';

/** A state of a request: of its transaction until a certificate is issued, then of the certificate. */
export type LifecycleState = WaitingState | 'approved' | 'rejected' | CertificateLife;

const row = (
  [repeat, poll]: [Lifecycle['repeat'], Lifecycle['poll']],
  [issuance, pending]: [Lifecycle['issuance'], Lifecycle['pending']],
  [request, shown]: [Lifecycle['request'], string],
): Lifecycle => ({ repeat, poll, issuance, pending, request, shown });

/** The table. */
export const LIFECYCLE: Readonly<Record<LifecycleState, Lifecycle>> = {
  // state                      repeat          poll, erased    replaced by an issuance, by a pending   request    shown
  'pending (approval)': row(['approval', 'expired'], ['replaces', 'reason'], ['kept', 'pending']),
  'pending (unreachable)': row(['decide', 'expired'], ['replaces', 'reason'], ['expires', 'pending']),
  'pending (undecided)': row(['decide', 'expired'], ['replaces', 'reason'], ['kept', 'pending']),
  'pending (issuer)': row(['decide', 'expired'], ['replaces', 'reason'], ['kept', 'pending']),
  approved: row(['decide', 'expired'], ['replaces', 'issuer'], ['kept', 'approved']),
  rejected: row(['rejected', 'rejected'], ['blocked', 'blocked'], ['erased', 'rejected']),
  undelivered: row(['notification', 'notification'], ['superseded', 'superseded'], ['erased', 'issued']),
  delivered: row(['certificate', 'certificate'], ['superseded', 'superseded'], ['erased', 'delivered']),
  revoked: row(['revoked', 'revoked'], ['blocked', 'blocked'], ['erased', 'revoked']),
  'never delivered': row(['decide', 'revoked'], ['replaces', 'replaces'], ['erased', 'revoked (never delivered)']),
};

/** The row of a transaction. One that is issued and has no certificate counts as never delivered. */
export const lifecycleOf = (transaction: StoredTransaction): Lifecycle => LIFECYCLE[stateOf(transaction)];

/** The row of a certificate, which is the row of its transaction too. */
export const certificateLifecycle = (certificate: StoredCertificate): Lifecycle =>
  LIFECYCLE[certificateLife(certificate)];

/** What lists show: as the table says, and `expired` for a delivered certificate that has ended. */
export const shownState = (certificate: StoredCertificate, now: Date): string =>
  certificate.state === 'delivered' && certificate.notAfter < now ? 'expired' : certificateLifecycle(certificate).shown;

function stateOf({ state, reason, certificate }: StoredTransaction): LifecycleState {
  if (state === 'issued') return certificate ? certificateLife(certificate) : 'never delivered';
  return state === 'pending' ? `pending (${reason ?? 'undecided'})` : state;
}

function certificateLife({ state, deliveredAt }: StoredCertificate): CertificateLife {
  if (state === 'issued') return 'undelivered';
  if (state === 'delivered') return 'delivered';
  return deliveredAt ? 'revoked' : 'never delivered';
}

/** The order that the CA has not decided yet, and what the policy allowed; undefined when there is none. */
export const openOrder = ({ state, reason, issuance }: StoredTransaction): PendingIssuance | undefined =>
  state === 'pending' && reason === 'issuer' ? issuance : undefined;

/** Whether an issuance may replace it. `superseded`: the issuance names its certificate as superseded. */
export function blocksIssuance(existing: StoredTransaction, superseded: boolean): boolean {
  const { issuance } = lifecycleOf(existing);
  return issuance === 'blocked' || (issuance === 'superseded' && !superseded);
}

/** Whether a request that begins to wait for `reason` may replace it. `superseded` as in `blocksIssuance`. */
export function blocksPending(
  existing: StoredTransaction,
  { superseded, reason }: { superseded: boolean; reason: StoredTransaction['reason'] },
): boolean {
  const { pending } = lifecycleOf(existing);
  if (pending === 'reason') return existing.reason === reason;
  if (pending === 'issuer') return reason !== 'issuer';
  return pending === 'blocked' || (pending === 'superseded' && !superseded);
}
