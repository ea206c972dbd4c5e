/** How a request ended: what the reply is made from, and the facts for the log. */
import type { Facts } from '../core/policy.ts';
import type { RefusalCode } from '../core/errors.ts';
import type { IssueFacts } from '../core/events.ts';
import type { StoredCertificate } from '../core/records.ts';

/** The result of one request. `repeat`: the certificate was issued for an earlier identical request. */
export type Outcome = IssuedOutcome | RefusedOutcome | PendingOutcome | FoundOutcome;

/** A certificate for the device. */
export type IssuedOutcome = {
  kind: 'issued';
  certificate: StoredCertificate;
  repeat: boolean;
  facts?: Facts;
  /** What is said of a certificate that was made for this very request. */
  made?: IssueFacts;
};

/**
 * FAILURE. `detail` and `cause` are for the log and never for the device; `text` is what the device reads in the place of
 * the text of the code.
 */
export type RefusedOutcome = {
  kind: 'refused';
  code: RefusalCode;
  detail: string;
  facts?: Facts;
  cause?: unknown;
  text?: string;
};

/** PENDING. `reason` is for the log. */
export type PendingOutcome = { kind: 'pending'; reason: string; facts?: Facts };

/** The answer to GetCert or GetCRL, DER; nothing was issued for it. */
export type FoundOutcome = {
  kind: 'found';
  certificates: readonly Uint8Array[];
  crls: readonly Uint8Array[];
  facts?: Facts;
};
