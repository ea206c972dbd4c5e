/** Texts of the page "Waiting". */
import type { PendingReason } from '../../core/records.ts';

/** Why a request waits, and what becomes of it. `look`: as in `badge`. */
type Reason = { look: 'waiting' | 'attention'; words: string; next: string };

/** By PendingReason of core/records.ts. */
const REASONS: Readonly<Record<PendingReason, Reason>> = {
  approval: { look: 'waiting', words: 'Waits for approval', next: 'A person approves or rejects it here.' },
  unreachable: {
    look: 'attention',
    words: 'Its policy could not be asked',
    next: 'Each time the device comes again the policy is asked, for an hour. The overview says what does not answer.',
  },
  undecided: {
    look: 'attention',
    words: 'Its policy has not decided',
    next: 'The policy is asked when the device comes again.',
  },
  issuer: {
    look: 'attention',
    words: 'The CA has not issued yet',
    next: 'The policy has allowed it. The CA lets it wait or could not be reached, and is asked when the device comes again.',
  },
};

/** From the top. */
export const WAITING_TEXTS = {
  title: 'Waiting',
  about: 'Requests that have no decision yet, oldest first. A device learns a decision when it asks again.',
  empty: 'No request waits.',
  since: 'Waiting since',
  endpoint: 'Endpoint',
  profile: 'Profile',
  names: 'Names (SAN)',
  key: 'Key',
  usages: 'Key usage',
  purposes: 'Purposes',
  validity: 'Would be valid',
  until: (from: string, to: string): string => `${from} to ${to} UTC`,
  refused: 'The CA would refuse it',
  signer: 'Signed by',
  signerKeys: { requested: 'the requested key', another: 'another key' },
  signerCertificate: (subject: string, issuer: string): string => `the certificate ${subject} of ${issuer}`,
  transaction: 'Transaction ID',
  id: 'Request',
  noSubject: '(empty subject)',
  reason: (reason: string): Reason => REASONS[reason as PendingReason] ?? REASONS.issuer,
  whyApprove: 'Note (optional, for the history)',
  whyReject: 'Why (for the history)',
  approve: 'Approve',
  reject: 'Reject',
  of: (subject: string): string => ` ${subject}`,
  approved: 'Approved. The device gets its certificate when it asks again.',
  rejected: 'Rejected. The device gets a refusal when it asks again.',
} as const;
