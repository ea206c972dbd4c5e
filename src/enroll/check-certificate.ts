/**
 * Checks a certificate that an issuer returned against the request, before it is recorded and delivered: other programs made it, which can
 * ignore what was ordered, and the CA of a vendor was not compiled with this product. Names are in check-names.ts.
 */
import { equalBytes } from '../core/bytes.ts';
import type { Allow } from '../core/policy.ts';
import type { IssuerCapabilities } from '../core/issuer.ts';
import type { CertificationRequest, Extension } from '../core/request.ts';
import { certificateExtensions, type CertificateView, readValidity } from '../pkix/certificate.ts';
import { findExtension, readBasicConstraints, readExtendedKeyUsage, readKeyUsage } from '../pkix/extensions.ts';
import { EXTENDED_KEY_USAGES, INFRASTRUCTURE_PURPOSES, OID, purposeName } from '../pkix/oids.ts';
import { readKey } from '../pkix/public-key.ts';
import { checkAltNames, checkSubject } from './check-names.ts';

/** The clock of a CA may be this much ahead, and the end of a certificate earlier than was ordered. Milliseconds. */
const CLOCK_DIFFERENCE = 60 * 60_000;
/** The end of a certificate may be this much later than was ordered. Milliseconds. */
const LATER_END = 60_000;

/** A certificate, the request, what was allowed, and the time of the check. `wantedEnd` and what follows: as in `Issued`. */
export type CertificateToCheck = {
  view: CertificateView;
  csr: CertificationRequest;
  now: Date;
  capabilities?: IssuerCapabilities;
  decision?: Pick<Allow, 'vouchesForPurposes'>;
  wantedEnd?: Date;
  latestEnd?: Date;
  allowedPurposes?: readonly string[];
};
type CertificateParts = CertificateToCheck & { extensions: readonly Extension[] };

/** Each throws Error for a certificate that must not be delivered, and DerError for one that cannot be read. */
const CHECKS: readonly ((parts: CertificateParts) => void)[] = [
  checkKey,
  checkCa,
  checkSubject,
  checkAltNames,
  checkUsages,
  checkPurposes,
  checkAddedPurposes,
  checkValidity,
];

/** Throws Error, which says what is wrong, for a certificate that does not fit the request; DerError when malformed. */
export function checkCertificate(certificate: CertificateToCheck): void {
  const extensions = certificateExtensions(certificate.view);
  for (const check of CHECKS) check({ ...certificate, extensions });
}

function checkKey({ view, csr }: CertificateParts): void {
  if (!equalBytes(view.spki, csr.spki) && !equalBytes(readKey(view.spki).spki, csr.spki))
    throw new Error('the issuer certified another key');
}

function checkCa({ extensions }: CertificateParts): void {
  const constraints = findExtension(extensions, OID.basicConstraints);
  if (constraints && readBasicConstraints(constraints.value).ca) throw new Error('the issuer made a CA');
}

function checkUsages({ extensions }: CertificateParts): void {
  const usages = findExtension(extensions, OID.keyUsage);
  const ofCa = usages && readKeyUsage(usages.value).find((usage) => usage === 'keyCertSign' || usage === 'cRLSign');
  if (ofCa) throw new Error(`the issuer certified the key usage ${ofCa} of a CA`);
}

/** None that lets a device act for the PKI, and all that were requested. */
function checkPurposes({ extensions, csr, capabilities, decision }: CertificateParts): void {
  const purposes = purposesIn(extensions);
  const ofPki = purposes.find((purpose) => INFRASTRUCTURE_PURPOSES.has(purpose));
  if (ofPki !== undefined)
    throw new Error(
      `the issuer certified ${purposeName(ofPki)}, which lets the device ${INFRASTRUCTURE_PURPOSES.get(ofPki)}`,
    );
  if (capabilities?.signsHere || (capabilities?.leavesOut && !decision?.vouchesForPurposes)) return;
  const missing = purposesIn(csr.extensions).find((purpose) => !purposes.includes(purpose));
  if (missing !== undefined) throw new Error(`the issuer left out the extendedKeyUsage ${purposeName(missing)}`);
}

const ANY = EXTENDED_KEY_USAGES.anyExtendedKeyUsage;

/** A CA that is not behind a profile may add purposes of its own; every purpose at once only where it was requested. */
function checkAddedPurposes({ extensions, csr, capabilities, allowedPurposes }: CertificateParts): void {
  const purposes = purposesIn(extensions);
  if (capabilities?.signsHere) return;
  if (!allowedPurposes && purposes.includes(ANY) && !purposesIn(csr.extensions).includes(ANY))
    throw new Error('the issuer certified anyExtendedKeyUsage, which is every purpose, and the request has it not');
  if (!allowedPurposes || allowedPurposes.includes(ANY)) return;
  if (purposes.length === 0) throw new Error('the issuer certified no extendedKeyUsage, which is every purpose');
  const added = purposes.find((purpose) => !allowedPurposes.includes(purpose));
  if (added !== undefined)
    throw new Error(
      `the issuer certified the extendedKeyUsage ${purposeName(added)}, which the profile does not allow`,
    );
}

function purposesIn(extensions: readonly Extension[]): string[] {
  const found = findExtension(extensions, OID.extendedKeyUsage);
  return found ? readExtendedKeyUsage(found.value) : [];
}

function checkValidity({ view, now, wantedEnd, latestEnd }: CertificateParts): void {
  const { notBefore, notAfter } = readValidity(view);
  if (notAfter <= now) throw new Error(`the issuer certified until ${notAfter.toISOString()}, which has passed`);
  if (notBefore.getTime() > now.getTime() + CLOCK_DIFFERENCE)
    throw new Error(`the issuer certified from ${notBefore.toISOString()}, which is in the future`);
  const late = wantedEnd ? notAfter.getTime() - wantedEnd.getTime() : 0;
  if (wantedEnd && (late > LATER_END || late < -CLOCK_DIFFERENCE))
    throw new Error(`the issuer certified until ${notAfter.toISOString()}, not ${wantedEnd.toISOString()} as ordered`);
  if (latestEnd && notAfter.getTime() - latestEnd.getTime() > LATER_END)
    throw new Error(
      `the issuer certified until ${notAfter.toISOString()}, and the profile allows ${latestEnd.toISOString()}`,
    );
}
