/** What happens to a request beyond the rate of its profile. */
import { IssuerError, REFUSALS } from '../core/errors.ts';
import type { CertificateRate } from './profile.ts';

/**
 * `wait`: milliseconds until the rate allows one more certificate. Throws IssuerError `throttled` when it is not 0: the device gets
 * PENDING, and its next poll is decided again.
 */
export function assertWithinRate(wait: number, { most, per }: CertificateRate): void {
  if (wait === 0) return;
  throw new IssuerError({
    code: 'throttled',
    retryable: true,
    retryAfter: Math.ceil(wait / 1000),
    adminText: `the profile allows ${most} certificates in ${per / 1000} seconds`,
    clientText: REFUSALS.issuer_failed.text,
  });
}
