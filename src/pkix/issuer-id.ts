/** Who issued a certificate, as an identity that does not depend on configuration: the name and the key of the CA. */
import { hash } from 'node:crypto';
import { DerReader } from '../asn1/reader.ts';
import { implicit } from '../asn1/tags.ts';
import { certificateExtensions, type CertificateView, readCertificate } from './certificate.ts';
import { findExtension, keyIdentifier } from './extensions.ts';
import { nameText } from './name.ts';
import { OID } from './oids.ts';

/**
 * SHA-256, lower-case hexadecimal, over issuer Name and issuer SubjectPublicKeyInfo, both DER. A CA certificate that is
 * renewed with the same name and key keeps it.
 */
export const issuerIdOf = (name: Uint8Array, spki: Uint8Array): string => hashOf(name, spki);

/** SHA-256 over octet strings, each after its length in four octets: no two lists of strings give the same input. */
export const hashOf = (...parts: readonly Uint8Array[]): string =>
  hash('sha256', Buffer.concat(parts.flatMap((part) => [lengthOf(part), part])), 'hex');

function lengthOf(part: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return length;
}

/** `name` is RFC 4514 text, `nameDer` the Name, `keyIdentifier` what certificates of this CA name as authority key. */
export type IssuerIdentity = { issuerId: string; name: string; nameDer: Uint8Array; keyIdentifier: Uint8Array };

/** The identity of a CA from its certificate, DER. Throws DerError when malformed. */
export function issuerIdentity(certificate: Uint8Array): IssuerIdentity {
  const view = readCertificate(certificate);
  const { subject, spki } = view;
  const identifier = subjectKeyIdentifierOf(view) ?? keyIdentifier(spki);
  return {
    issuerId: issuerIdOf(subject, spki),
    name: nameText(subject),
    nameDer: subject,
    keyIdentifier: identifier,
  };
}

function subjectKeyIdentifierOf(view: CertificateView): Uint8Array | undefined {
  const extension = findExtension(certificateExtensions(view), OID.subjectKeyIdentifier);
  return extension && DerReader.over(extension.value).octetString();
}

const KEY_IDENTIFIER = implicit(0);

/** The keyIdentifier of an AuthorityKeyIdentifier (RFC 5280 4.2.1.1), if the certificate has one. Throws DerError. */
export function authorityKeyIdentifierOf(view: CertificateView): Uint8Array | undefined {
  const extension = findExtension(certificateExtensions(view), OID.authorityKeyIdentifier);
  const fields = extension && DerReader.over(extension.value).sequence();
  return fields?.tag === KEY_IDENTIFIER ? fields.read(KEY_IDENTIFIER) : undefined;
}
