/** The certificate that a request renews, also while the request waits for the CA. */
import type { RefusalCode } from '../core/errors.ts';
import { openOrder } from '../core/lifecycle.ts';
import type { CertificateId, StoredCertificate } from '../core/records.ts';
import { identityOf } from './certificate-record.ts';
import { allowsSelfRenewal, type Enrollment, keyHash } from './identify.ts';
import type { RefusedOutcome } from './outcome.ts';

/** `state` is absent for a certificate of an earlier CA, which is not recorded. */
export type Renewed = CertificateId &
  Pick<StoredCertificate, 'firstIssuedAt'> &
  Partial<Pick<StoredCertificate, 'state'>>;

/**
 * The one from before the wait where the request waited for the CA, else the one that signed; undefined when it renews
 * none. Throws what the store throws.
 */
export async function renewedCertificate(enrollment: Enrollment): Promise<Renewed | undefined> {
  const { earlier, signedBy, request, services } = enrollment;
  const order = earlier && openOrder(earlier);
  if (!order) return request.renews && signedBy?.record;
  const { renews, lineSince } = order;
  if (!renews) return undefined;
  return (await services.store.findCertificate(renews)) ?? (lineSince && { ...renews, firstIssuedAt: lineSince });
}

const refused = (code: RefusalCode, detail: string): RefusedOutcome => ({ kind: 'refused', code, detail });

/** The refusal of a request whose permission was revoked while the CA made the certificate, by what was revoked. */
export const REVOKED_MEANWHILE = {
  renewed: refused('renewal_refused', 'the certificate that authorized this renewal was revoked while the CA decided'),
  key: refused('key_compromised', 'the requested key was revoked as compromised while the CA decided'),
} as const;

/**
 * The refusal of a request that waited for the CA and has no permission any more: its key, or the certificate that
 * authorized its own renewal, was revoked meanwhile. Throws what the store and an EarlierCa throw.
 */
export async function lostPermission(enrollment: Enrollment): Promise<RefusedOutcome | undefined> {
  const { endpoint, request, services } = enrollment;
  const renewed = allowsSelfRenewal(endpoint) ? await renewedCertificate(enrollment) : undefined;
  if (renewed && (renewed.state ? renewed.state === 'revoked' : await isRevokedEarlier(renewed, enrollment)))
    return REVOKED_MEANWHILE.renewed;
  if (await services.store.isCompromised(keyHash(request.csr.spki))) return REVOKED_MEANWHILE.key;
  return undefined;
}

/** Also when the endpoint does not name the earlier CA any more. */
async function isRevokedEarlier(
  { issuerId, serial }: CertificateId,
  { endpoint, signal }: Enrollment,
): Promise<boolean> {
  const ca = endpoint.renewalFrom?.find(({ certificate }) => identityOf(certificate).issuerId === issuerId);
  return !ca || (await ca.isRevoked?.(serial, signal)) === true;
}
