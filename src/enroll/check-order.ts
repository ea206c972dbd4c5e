/** What a CA elsewhere is not asked for: it certifies what the request has, and does not know what the policy has compared. */
import { Refusal } from '../core/errors.ts';
import type { IssuerCapabilities } from '../core/issuer.ts';
import type { Allow } from '../core/policy.ts';
import type { CertificationRequest, EnrollmentRequest, Extension } from '../core/request.ts';
import { certificateExtensions, readCertificate } from '../pkix/certificate.ts';
import { findExtension, readExtendedKeyUsage, readGeneralNames } from '../pkix/extensions.ts';
import { OID, purposeName } from '../pkix/oids.ts';
import { namesSid } from '../pkix/sid-name.ts';

/**
 * Throws Refusal `subject_refused` for a SID where the policy does not vouch for names, and `renewal_refused` for a purpose that the
 * certificate does not have which renews itself. DerError when the request is malformed.
 */
export function checkOrder(
  { csr, renews }: EnrollmentRequest,
  { vouchesForNames, withinRenewed }: Allow,
  capabilities: IssuerCapabilities = {},
): void {
  if (capabilities.signsHere) return;
  if (!vouchesForNames && hasSid(csr))
    throw new Refusal(
      'subject_refused',
      'the request names a SID, and the policy of the endpoint does not vouch for names',
    );
  if (!withinRenewed || !renews || capabilities.leavesOut) return;
  const had = purposesIn(certificateExtensions(readCertificate(renews.certificate)));
  const added = had && purposesIn(csr.extensions)?.find((purpose) => !had.includes(purpose));
  if (added !== undefined)
    throw new Refusal(
      'renewal_refused',
      `the certificate ${renews.serial}, which renews itself, does not have the extendedKeyUsage ${purposeName(added)}`,
    );
}

function hasSid({ extensions }: CertificationRequest): boolean {
  if (findExtension(extensions, OID.microsoftSid)) return true;
  const names = findExtension(extensions, OID.subjectAltName);
  return names !== undefined && readGeneralNames(names.value).some(namesSid);
}

function purposesIn(extensions: readonly Extension[]): string[] | undefined {
  const found = findExtension(extensions, OID.extendedKeyUsage);
  return found && readExtendedKeyUsage(found.value);
}
