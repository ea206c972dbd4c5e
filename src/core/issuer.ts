/** The contract of an issuing CA: it turns an allowed request into a certificate. */
import type { Allow } from './policy.ts';
import type { EnrollmentRequest } from './request.ts';

/** Turns an allowed request into a certificate. Small on purpose: the CA of a vendor implements this one method. */
export interface Issuer {
  /** Returns the certificate, DER. Throws when it cannot; the device then gets FAILURE and nothing is recorded. */
  issue(request: EnrollmentRequest, decision: Allow, signal: AbortSignal): Promise<Uint8Array>;
}

/** The reasons of RFC 5280 5.3.1 that this product uses, with their numbers in a CRL entry. */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const;

/** A reason by its name in RFC 5280. */
export type RevocationReason = keyof typeof REVOCATION_REASONS;

/** Optional beside `Issuer`: tells a foreign CA that a certificate is revoked. Idempotent. */
export interface Revoker {
  revoke(certificate: Uint8Array, reason: RevocationReason, signal: AbortSignal): Promise<void>;
}
