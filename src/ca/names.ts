/** The names of a certificate: subject and subjectAltName of the request, octet for octet, after they were checked. */
import { DerReader } from '../asn1/reader.ts';
import { explicit } from '../asn1/tags.ts';
import type { Allow } from '../core/policy.ts';
import type { CertificationRequest, Extension, GeneralName } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import { findExtension, readGeneralNames } from '../pkix/extensions.ts';
import { isEmptyName, readName } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import type { AltNameType, Profile } from './profile.ts';
import { requested } from './requested.ts';

/**
 * The subjectAltName as requested. It is not re-encoded, because directories map its exact octets to accounts, for
 * example the URI `tag:microsoft.com,2022-09-14:sid:…`, which URL parsers change. Critical exactly when the subject is
 * empty (RFC 5280 4.2.1.6). Throws Refusal `subject_refused` for a kind of name that the profile does not allow, and
 * for a SID when the policy does not vouch for names.
 */
export function subjectAltNameFor(
  profile: Profile,
  csr: CertificationRequest,
  { vouchesForNames }: Allow,
): Extension | undefined {
  const asked = requested(csr, OID.subjectAltName, readGeneralNames);
  for (const name of asked?.value ?? []) {
    assertAllowed(profile, name);
    if (!vouchesForNames) assertNoSid(name);
  }
  return asked && { ...asked.extension, critical: isEmptyName(csr.subject) };
}

/**
 * Throws Refusal `subject_refused` when the request has no name, an RDN without attributes (X.501 demands one), or
 * control characters in the subject.
 */
export function assertNamed(_profile: Profile, csr: CertificationRequest): void {
  const rdns = readName(csr.subject);
  if (rdns.some((rdn) => rdn.length === 0)) throw new Refusal('subject_refused', 'the subject has an empty RDN');
  if (rdns.flat().some(({ text }) => CONTROL.test(text)))
    throw new Refusal('subject_refused', `control characters in the subject ${quoted(csr.subjectText)}`);
  if (isEmptyName(csr.subject) && !findExtension(csr.extensions, OID.subjectAltName))
    throw new Refusal('subject_refused', 'the request has neither a subject nor a subjectAltName');
}

/** The URI by which Active Directory maps a certificate to the account with a SID (KB5014754). */
const SID_URI = /^tag:microsoft\.com,2022-09-14:sid:/i;

/** When the policy does not check names, a client with a shared challenge could log on as any account. */
function assertNoSid({ type, text }: GeneralName): void {
  if (type === 'uri' && SID_URI.test(text))
    throw new Refusal(
      'subject_refused',
      'the request names a SID, and the policy of the endpoint does not vouch for names',
    );
}

/** Verifiers written in C have accepted `good.example\0.evil.example` as `good.example`. */
const CONTROL = /[\u0000-\u001f\u007f]/;
/** The same in a directoryName, whose text is escaped already (RFC 4514). */
const ESCAPED_CONTROL = /\\(?:[01][0-9a-f]|7f)/i;

function assertAllowed(profile: Profile, name: GeneralName): void {
  const type = altNameType(name);
  if (!profile.altNames.includes(type))
    throw new Refusal('subject_refused', `the profile does not allow the subjectAltName ${type}:${quoted(name.text)}`);
  if (CONTROL.test(name.text) || (name.type === 'directory' && ESCAPED_CONTROL.test(name.text)))
    throw new Refusal('subject_refused', `control characters in the subjectAltName ${type}:${quoted(name.text)}`);
}

function altNameType(name: GeneralName): AltNameType {
  if (name.type !== 'otherName') return name.type;
  return DerReader.over(name.der).enter(explicit(0)).oid() === OID.userPrincipalName ? 'upn' : 'otherName';
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 80));
