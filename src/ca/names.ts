/** Whom the certificate names: the subject and the subjectAltName of the request, octet for octet, or nobody. */
import { DerReader } from '../asn1/reader.ts';
import { explicit } from '../asn1/tags.ts';
import type { Allow } from '../core/policy.ts';
import type { CertificationRequest, Extension, GeneralName } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import { readGeneralNames } from '../pkix/extensions.ts';
import { isEmptyName, readName } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import type { AltNameType, Profile } from './profile.ts';
import { requested } from './requested.ts';

/**
 * The subjectAltName as it was requested: directories map its exact octets to accounts, among them the URI
 * `tag:microsoft.com,2022-09-14:sid:…`, which no URL parser leaves alone. Critical exactly when the subject is empty
 * (RFC 5280 4.2.1.6). Throws Refusal for a kind of name that the profile does not allow, or a SID for which nobody vouches.
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

/** Throws Refusal when the request names nobody, be it with an RDN that holds nothing (X.501: one attribute or more). */
export function assertNamed(_profile: Profile, csr: CertificationRequest): void {
  const rdns = readName(csr.subject);
  if (rdns.some((rdn) => rdn.length === 0)) throw new Refusal('subject_refused', 'the subject has an empty RDN');
  if (rdns.flat().some(({ text }) => CONTROL.test(text)))
    throw new Refusal('subject_refused', `control characters in the subject ${quoted(csr.subjectText)}`);
  if (isEmptyName(csr.subject) && !csr.extensions.some(({ oid }) => oid === OID.subjectAltName))
    throw new Refusal('subject_refused', 'the request has neither a subject nor a subjectAltName');
}

/** The URI with which Active Directory takes a certificate for the account of a SID (KB5014754). */
const SID_URI = /^tag:microsoft\.com,2022-09-14:sid:/i;

/** Where the authoriser knows nothing of names, whoever holds a shared challenge could log on as any account. */
function assertNoSid({ type, text }: GeneralName): void {
  if (type === 'uri' && SID_URI.test(text))
    throw new Refusal(
      'subject_refused',
      'the request names a SID, and the policy of the endpoint does not vouch for names',
    );
}

/** A NUL once made verifiers written in C believe `good.example\0.evil.example`. */
const CONTROL = /[\u0000-\u001f\u007f]/;
/** The same in a name inside a name, which is text of RFC 4514 already. */
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
