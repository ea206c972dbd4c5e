/** The certificate that a request renews, also while the request waits for the CA. */
import type { RefusalCode } from '../core/errors.ts';
import { openOrder } from '../core/lifecycle.ts';
import type { StoredCertificate } from '../core/records.ts';
import { allowsSelfRenewal, type Enrollment, keyHash } from './identify.ts';
import type { RefusedOutcome } from './outcome.ts';

/**
 * The one from before the wait where the request waited for the CA, else the one that signed; undefined when it renews
 * none. Throws what the store throws.
 */
export async function renewedCertificate(enrollment: Enrollment): Promise<StoredCertificate | undefined> {
  const { earlier, signedBy, request, services } = enrollment;
  const order = earlier && openOrder(earlier);
  if (order) return order.renews && services.store.findCertificate(order.renews);
  return request.renews && signedBy?.record;
}

/**
 * The refusal of a request that waited for the CA and has no permission any more: its key, or the certificate that
 * authorized its own renewal, was revoked meanwhile. Throws what the store throws.
 */
export async function lostPermission(enrollment: Enrollment): Promise<RefusedOutcome | undefined> {
  const { endpoint, request, services } = enrollment;
  const renewed = allowsSelfRenewal(endpoint) ? await renewedCertificate(enrollment) : undefined;
  if (renewed?.state === 'revoked')
    return refused('renewal_refused', 'the certificate that authorized this renewal was revoked while the CA decided');
  if (await services.store.isCompromised(keyHash(request.csr.spki)))
    return refused('key_compromised', 'the requested key was revoked as compromised while the CA decided');
  return undefined;
}

const refused = (code: RefusalCode, detail: string): RefusedOutcome => ({ kind: 'refused', code, detail });
