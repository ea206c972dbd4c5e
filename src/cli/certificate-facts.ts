/** A stored certificate as the commands print it. */
import { certificateLifecycle } from '../core/lifecycle.ts';
import type { StoredCertificate } from '../core/records.ts';

/** Every field as text: the names are those of the JSON output, moments are ISO 8601. Absent fields are left out. */
export const certificateFacts = (certificate: StoredCertificate): Record<string, string> => ({
  serial: certificate.serial,
  state: stateText(certificate),
  subject: certificate.subject,
  issuer: certificate.issuer,
  thumbprint: certificate.thumbprint,
  ...(certificate.reference !== undefined && { reference: certificate.reference }),
  endpoint: certificate.endpoint,
  transactionId: certificate.transactionId,
  notBefore: certificate.notBefore.toISOString(),
  notAfter: certificate.notAfter.toISOString(),
  issuedAt: certificate.issuedAt.toISOString(),
  ...(certificate.renews && { renews: certificate.renews.serial }),
  ...(certificate.deliveredAt && { deliveredAt: certificate.deliveredAt.toISOString() }),
  ...(certificate.revokedAt && { revokedAt: certificate.revokedAt.toISOString() }),
  ...(certificate.revocationReason && { revocationReason: certificate.revocationReason }),
});

/** The state; a revoked certificate that its device never got says so. */
export const stateText = (certificate: StoredCertificate): string => certificateLifecycle(certificate).shown;
