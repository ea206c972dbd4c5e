/** Compares the names in a certificate with those of the request. A CA may write them in another order, form and letter case. */
import { equalBytes } from '../core/bytes.ts';
import type { IssuerCapabilities } from '../core/issuer.ts';
import type { CertificationRequest, Extension, GeneralName } from '../core/request.ts';
import type { CertificateView } from '../pkix/certificate.ts';
import { findExtension, readGeneralNames } from '../pkix/extensions.ts';
import { ATTRIBUTES, comparableAttributes, isEmptyName, nameFromText, nameText, readName } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';

/** A certificate with its extensions, the request, and what the CA does by its own rules. */
export type NamesToCheck = {
  view: CertificateView;
  extensions: readonly Extension[];
  csr: CertificationRequest;
  capabilities?: IssuerCapabilities;
};

/** Throws Error for a subject with an attribute more, and for one with an attribute less unless the CA may leave some out. */
export function checkSubject({ view, csr, capabilities = {} }: NamesToCheck): void {
  if (equalBytes(view.subject, csr.subject)) return;
  const { appends = '', leavesOut } = capabilities;
  const requested = comparableAttributes(csr.subject);
  const asked = new Set([...requested, ...comparableAttributes(nameFromText(appends))]);
  const certified = new Set(comparableAttributes(view.subject));
  const added = [...certified].some((attribute) => !asked.has(attribute));
  const isLost = leavesOut
    ? isEmptyName(view.subject) && !isEmptyName(csr.subject)
    : requested.some((attribute) => !certified.has(attribute));
  if (added || isLost)
    throw new Error(`the issuer certified another subject: ${JSON.stringify(nameText(view.subject).slice(0, 80))}`);
}

/** The same for the subjectAltNames. */
export function checkAltNames({ extensions, csr, capabilities = {} }: NamesToCheck): void {
  const certified = findExtension(extensions, OID.subjectAltName);
  const requested = findExtension(csr.extensions, OID.subjectAltName);
  if (certified && requested && equalBytes(certified.value, requested.value)) return;
  const asked = requested ? readGeneralNames(requested.value) : [];
  const given = certified ? readGeneralNames(certified.value) : [];
  const added = without(given, asked).find((name) => !capabilities.addsCommonName || !isCommonName(name, csr.subject));
  if (added) throw new Error(`the issuer added the subjectAltName ${shown(added)}`);
  const [missing] = capabilities.leavesOut ? [] : without(asked, given);
  if (missing) throw new Error(`the issuer left out the subjectAltName ${shown(missing)}`);
}

function without(names: readonly GeneralName[], others: readonly GeneralName[]): GeneralName[] {
  const known = new Set(others.map(comparable));
  return names.filter((name) => !known.has(comparable(name)));
}

/** Names with equal text are equal; of an otherName that is no user principal name, the text is only the type. */
const comparable = ({ type, text, der }: GeneralName): string =>
  type === 'otherName' && /^\d+(\.\d+)+$/.test(text) ? Buffer.from(der).toString('hex') : `${type}:${text}`;

const isCommonName = ({ type, text }: GeneralName, subject: Uint8Array): boolean =>
  (type === 'dns' || type === 'email') &&
  readName(subject)
    .flat()
    .some((attribute) => attribute.type === ATTRIBUTES.CN && attribute.text.toLowerCase() === text.toLowerCase());

const shown = ({ type, text }: GeneralName): string => `${type}:${JSON.stringify(text.slice(0, 80))}`;
