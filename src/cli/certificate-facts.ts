/** A stored certificate as the commands print it. */
import { catchDerError } from '../asn1/limits.ts';
import { shownState } from '../core/lifecycle.ts';
import type { StoredCertificate } from '../core/records.ts';
import type { GeneralName } from '../core/request.ts';
import { certificateExtensions, readCertificate } from '../pkix/certificate.ts';
import { findExtension, readGeneralNames } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';

/** Every field as text: the names are those of the JSON output, moments are ISO 8601. Absent fields are left out. */
export const certificateFacts = (certificate: StoredCertificate, now: Date): Record<string, string> => ({
  serial: certificate.serial,
  state: shownState(certificate, now),
  subject: certificate.subject,
  ...alternativeNames(certificate),
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

/** `type:text` of each subjectAltName; nothing where there is none, or the certificate cannot be read. */
const alternativeNames = ({ der }: StoredCertificate): { san?: string } =>
  catchDerError(
    () => {
      const extension = findExtension(certificateExtensions(readCertificate(der)), OID.subjectAltName);
      return extension ? { san: readGeneralNames(extension.value).map(nameWithType).join(' ') } : {};
    },
    () => ({}),
  );

const nameWithType = ({ type, text }: GeneralName): string => `${type}:${text}`;
