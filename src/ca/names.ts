/** The names of a certificate: subject and subjectAltName of the request, after they were checked. */
import { catchDerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit } from '../asn1/tags.ts';
import type { Allow } from '../core/policy.ts';
import type { CertificationRequest, Extension, GeneralName, GeneralNameType } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import { generalNameFault } from '../pkix/certified-general-name.ts';
import { certifiedName } from '../pkix/certified-name.ts';
import { findExtension, readGeneralNames } from '../pkix/extensions.ts';
import { isEmptyName } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import { namesSid } from '../pkix/sid-name.ts';
import type { Profile } from './profile.ts';
import { requested } from './requested.ts';

/**
 * The subjectAltName as requested. It is not re-encoded, because directories map its exact octets to accounts, for
 * example the URI `tag:microsoft.com,2022-09-14:sid:…`, which URL parsers change. Critical exactly when the subject is
 * empty (RFC 5280 4.2.1.6). Throws Refusal `subject_refused` for a kind of name that the profile does not allow, for a
 * name that not every reader understands, and for a SID when the policy does not vouch for names.
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
 * The subject as it is certified, see `certifiedName`. Throws Refusal `subject_refused` when the request has no name, or
 * a subject that not every reader understands.
 */
export function subjectFor(csr: CertificationRequest): Uint8Array {
  if (isEmptyName(csr.subject) && !findExtension(csr.extensions, OID.subjectAltName))
    throw new Refusal('subject_refused', 'the request has neither a subject nor a subjectAltName');
  return catchDerError(
    () => certifiedName(csr.subject),
    (cause) => refuse(`the subject has ${cause.message}`),
  );
}

function refuse(detail: string): never {
  throw new Refusal('subject_refused', detail);
}

/** When the policy does not check names, a client with a shared challenge could log on as any account. */
function assertNoSid(name: GeneralName): void {
  if (namesSid(name)) refuse('the request names a SID, and the policy of the endpoint does not vouch for names');
}

function assertAllowed(profile: Profile, name: GeneralName): void {
  const type = altNameType(name);
  if (!(profile.altNames as readonly string[]).includes(type))
    refuse(`the profile does not allow the subjectAltName ${type}:${quoted(name.text)}`);
  const fault = generalNameFault(name);
  if (fault !== undefined) refuse(`the subjectAltName ${type}:${quoted(name.text)} has ${fault}`);
}

/** The kind of a name as profiles name it. */
export function altNameType(name: GeneralName): GeneralNameType | 'upn' {
  if (name.type !== 'otherName') return name.type;
  return DerReader.over(name.der).enter(explicit(0)).oid() === OID.userPrincipalName ? 'upn' : 'otherName';
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 80));
