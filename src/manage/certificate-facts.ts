/** A stored certificate as the commands print it. */
import { defined } from '../core/defined.ts';
import { shownState } from '../core/lifecycle.ts';
import type { StoredCertificate } from '../core/records.ts';
import { alternativeNamesText } from '../pkix/alternative-names.ts';

/** Every field as text: the names are those of the JSON output, moments are ISO 8601. Absent fields are left out. */
export const certificateFacts = (certificate: StoredCertificate, now: Date): Record<string, string> => ({
  serial: certificate.serial,
  state: shownState(certificate, now),
  subject: certificate.subject,
  ...defined({ san: certificate.alternativeNames ?? alternativeNamesText(certificate.der) }),
  issuer: certificate.issuer,
  thumbprint: certificate.thumbprint,
  thumbprintSha256: certificate.thumbprintSha256,
  ...(certificate.reference !== undefined && { reference: certificate.reference }),
  endpoint: certificate.endpoint,
  ...(certificate.transactionId !== '' && { transactionId: certificate.transactionId }),
  notBefore: certificate.notBefore.toISOString(),
  notAfter: certificate.notAfter.toISOString(),
  issuedAt: certificate.issuedAt.toISOString(),
  ...(certificate.importedAt && { importedAt: certificate.importedAt.toISOString() }),
  ...(certificate.renews && { renews: certificate.renews.serial }),
  ...(certificate.deliveredAt && { deliveredAt: certificate.deliveredAt.toISOString() }),
  ...(certificate.revokedAt && { revokedAt: certificate.revokedAt.toISOString() }),
  ...(certificate.revocationReason && { revocationReason: certificate.revocationReason }),
});

/** The fields in the order of a table. */
export const CERTIFICATE_COLUMNS = (
  'serial state subject san issuer endpoint notBefore notAfter issuedAt deliveredAt revokedAt revocationReason ' +
  'thumbprint thumbprintSha256 transactionId reference importedAt renews'
).split(' ');
