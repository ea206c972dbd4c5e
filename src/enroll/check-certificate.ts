/**
 * Checks a certificate that an issuer returned against the request, before it is recorded and delivered: the CA of a
 * vendor was not compiled with this product. A CA may leave names out, and choose validity and usages within these
 * bounds; it may add no name but what it said that it appends.
 */
import { equalBytes } from '../core/bytes.ts';
import type { CertificationRequest, Extension, GeneralName } from '../core/request.ts';
import { certificateExtensions, type CertificateView, readValidity } from '../pkix/certificate.ts';
import {
  findExtension,
  readBasicConstraints,
  readExtendedKeyUsage,
  readGeneralNames,
  readKeyUsage,
} from '../pkix/extensions.ts';
import { comparableAttributes, isEmptyName, nameFromText, nameText } from '../pkix/name.ts';
import { INFRASTRUCTURE_PURPOSES, OID, purposeName } from '../pkix/oids.ts';
import { readKey } from '../pkix/public-key.ts';

/** The clock of a CA may be this much ahead. Milliseconds. */
const CLOCK_DIFFERENCE = 60 * 60_000;

/** A certificate, the request and the time of the check. `appends`: as in `IssuerCapabilities`. */
export type CertificateToCheck = { view: CertificateView; csr: CertificationRequest; now: Date; appends?: string };
type Parts = CertificateToCheck & { extensions: readonly Extension[] };

/** Each throws Error for a certificate that must not be delivered, and DerError for one that cannot be read. */
const CHECKS: readonly ((parts: Parts) => void)[] = [
  checkKey,
  checkCa,
  checkSubject,
  checkAltNames,
  checkUsages,
  checkValidity,
];

/** Throws Error, which says what is wrong, for a certificate that does not fit the request; DerError when malformed. */
export function checkCertificate(certificate: CertificateToCheck): void {
  const extensions = certificateExtensions(certificate.view);
  for (const check of CHECKS) check({ ...certificate, extensions });
}

function checkKey({ view, csr }: Parts): void {
  if (!equalBytes(view.spki, csr.spki) && !equalBytes(readKey(view.spki).spki, csr.spki))
    throw new Error('the issuer certified another key');
}

function checkCa({ extensions }: Parts): void {
  const constraints = findExtension(extensions, OID.basicConstraints);
  if (constraints && readBasicConstraints(constraints.value).ca) throw new Error('the issuer made a CA');
}

/** The CA may reorder attributes and leave some out. An empty subject is what was requested, or no subject at all. */
function checkSubject({ view, csr, appends = '' }: Parts): void {
  if (equalBytes(view.subject, csr.subject)) return;
  const asked = new Set([csr.subject, nameFromText(appends)].flatMap(comparableAttributes));
  const added = comparableAttributes(view.subject).some((attribute) => !asked.has(attribute));
  if (added || (isEmptyName(view.subject) && !isEmptyName(csr.subject)))
    throw new Error(`the issuer certified another subject: ${JSON.stringify(nameText(view.subject).slice(0, 80))}`);
}

function checkAltNames({ extensions, csr }: Parts): void {
  const certified = findExtension(extensions, OID.subjectAltName);
  const requested = findExtension(csr.extensions, OID.subjectAltName);
  if (!certified || (requested && equalBytes(certified.value, requested.value))) return;
  const asked = new Set(requested && readGeneralNames(requested.value).map(comparable));
  const added = readGeneralNames(certified.value).find((name) => !asked.has(comparable(name)));
  if (added)
    throw new Error(`the issuer added the subjectAltName ${added.type}:${JSON.stringify(added.text.slice(0, 80))}`);
}

/** Names with equal text are equal; of an otherName that is no user principal name, the text is only the type. */
const comparable = ({ type, text, der }: GeneralName): string =>
  type === 'otherName' && /^\d+(\.\d+)+$/.test(text) ? Buffer.from(der).toString('hex') : `${type}:${text}`;

function checkUsages({ extensions }: Parts): void {
  const usages = findExtension(extensions, OID.keyUsage);
  const ofCa = usages && readKeyUsage(usages.value).find((usage) => usage === 'keyCertSign' || usage === 'cRLSign');
  if (ofCa) throw new Error(`the issuer certified the key usage ${ofCa} of a CA`);
  const purposes = findExtension(extensions, OID.extendedKeyUsage);
  const ofPki =
    purposes && readExtendedKeyUsage(purposes.value).find((purpose) => INFRASTRUCTURE_PURPOSES.has(purpose));
  if (ofPki !== undefined)
    throw new Error(
      `the issuer certified ${purposeName(ofPki)}, which lets the device ${INFRASTRUCTURE_PURPOSES.get(ofPki)}`,
    );
}

function checkValidity({ view, now }: Parts): void {
  const { notBefore, notAfter } = readValidity(view);
  if (notAfter <= now) throw new Error(`the issuer certified until ${notAfter.toISOString()}, which has passed`);
  if (notBefore.getTime() > now.getTime() + CLOCK_DIFFERENCE)
    throw new Error(`the issuer certified from ${notBefore.toISOString()}, which is in the future`);
}
