/** Certificate extensions (RFC 5280 4.2) that are read in requests and written into certificates. */
import { hash } from 'node:crypto';
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit, implicit, TAG } from '../asn1/tags.ts';
import { boolean, encode, namedBits, octetString, oid, sequence, smallInteger } from '../asn1/writer.ts';
import type { Extension, GeneralName } from '../core/request.ts';
import { generalNameFromText, readGeneralName } from './general-name.ts';
import { EXTENDED_KEY_USAGES, OID } from './oids.ts';

const MOST_EXTENSIONS = 64;
const MOST_NAMES = 2048;

/**
 * Reads a SEQUENCE OF Extension. Throws DerError when an extension is repeated, because it is not defined which counts.
 */
export function readExtensions(reader: DerReader): Extension[] {
  const extensions = reader.sequence().each(MOST_EXTENSIONS, (list) => {
    const extension = list.sequence();
    const id = extension.oid();
    const critical = extension.tag === TAG.boolean ? extension.boolean() : false;
    const value = extension.octetString();
    extension.end();
    return { oid: id, critical, value };
  });
  assertDistinct(extensions);
  return extensions;
}

/** Throws DerError when an extension is repeated (RFC 5280 4.2). */
export function assertDistinct(extensions: readonly Extension[]): void {
  const seen = new Set<string>();
  for (const { oid: id } of extensions)
    if (seen.has(id)) throw new DerError(`the extension ${id} is repeated`);
    else seen.add(id);
}

/** The extension with this OID, or undefined. */
export const findExtension = (extensions: readonly Extension[], id: string): Extension | undefined =>
  extensions.find((extension) => extension.oid === id);

/** The OBJECT IDENTIFIER elements that certificates use, encoded once. */
const ELEMENTS: ReadonlyMap<string, Uint8Array> = new Map(
  [...Object.values(OID), ...Object.values(EXTENDED_KEY_USAGES)].map((id) => [id, oid(id)]),
);
const element = (id: string): Uint8Array => ELEMENTS.get(id) ?? oid(id);

/** One Extension, DER. */
export const writeExtension = ({ oid: id, critical, value }: Extension): Uint8Array =>
  critical ? sequence(element(id), boolean(true), octetString(value)) : sequence(element(id), octetString(value));

/** KeyUsage bits by name, in the order of RFC 5280 4.2.1.3. */
export const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
/** A bit of KeyUsage by name. */
export type KeyUsage = (typeof KEY_USAGES)[number];

/** KeyUsage, critical as RFC 5280 4.2.1.3 demands. */
export const keyUsage = (usages: readonly KeyUsage[]): Extension => ({
  oid: OID.keyUsage,
  critical: true,
  value: namedBits(usages.map((usage) => KEY_USAGES.indexOf(usage))),
});

/** The bits of a KeyUsage value that are set and named. Throws DerError when malformed. */
export function readKeyUsage(value: Uint8Array): KeyUsage[] {
  const bits = DerReader.over(value).read(TAG.bitString).subarray(1);
  return KEY_USAGES.filter((_, bit) => ((bits[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

/** ExtendedKeyUsage with these purposes, OIDs in dotted form. RFC 5280 4.2.1.12. */
export const extendedKeyUsage = (oids: readonly string[]): Extension => ({
  oid: OID.extendedKeyUsage,
  critical: false,
  value: sequence(...oids.map(element)),
});

/** The purposes of an ExtendedKeyUsage value, OIDs in dotted form. Throws DerError when malformed or more than 64. */
export const readExtendedKeyUsage = (value: Uint8Array): string[] =>
  DerReader.over(value)
    .sequence()
    .each(MOST_EXTENSIONS, (list) => list.oid());

/** BasicConstraints, critical. `pathLength` undefined for a CA: no limit. RFC 5280 4.2.1.9. */
export const basicConstraints = (ca: boolean, pathLength?: number): Extension => ({
  oid: OID.basicConstraints,
  critical: true,
  value: ca ? sequence(boolean(true), ...(pathLength === undefined ? [] : [smallInteger(pathLength)])) : sequence(),
});

/** Whether a BasicConstraints value says CA:TRUE. Throws DerError when malformed. */
export function readBasicConstraints(value: Uint8Array): { ca: boolean } {
  const constraints = DerReader.over(value).sequence();
  return { ca: constraints.tag === TAG.boolean && constraints.boolean() };
}

/** How many CAs a BasicConstraints value allows below; undefined without a limit. Throws DerError when malformed. */
export function readPathLength(value: Uint8Array): number | undefined {
  const constraints = DerReader.over(value).sequence();
  if (constraints.tag === TAG.boolean) constraints.boolean();
  return constraints.tag === TAG.integer ? constraints.smallInteger() : undefined;
}

/**
 * The key identifier of a SubjectPublicKeyInfo, DER: SHA-1 of the key bits, RFC 5280 4.2.1.2 method 1. Throws DerError.
 */
export function keyIdentifier(spki: Uint8Array): Uint8Array {
  const info = DerReader.over(spki).sequence();
  info.element();
  return hash('sha1', info.bitString(), 'buffer');
}

/** SubjectKeyIdentifier of a SubjectPublicKeyInfo, DER. RFC 5280 4.2.1.2. */
export const subjectKeyIdentifier = (spki: Uint8Array): Extension => ({
  oid: OID.subjectKeyIdentifier,
  critical: false,
  value: octetString(keyIdentifier(spki)),
});

/** AuthorityKeyIdentifier with the issuer's key identifier. RFC 5280 4.2.1.1. */
export const authorityKeyIdentifier = (identifier: Uint8Array): Extension => ({
  oid: OID.authorityKeyIdentifier,
  critical: false,
  value: sequence(encode(implicit(0), identifier)),
});

/** CRLDistributionPoints with one point of one or more URIs. RFC 5280 4.2.1.13. */
export const crlDistributionPoint = (uris: readonly string[]): Extension => ({
  oid: OID.cRLDistributionPoints,
  critical: false,
  value: sequence(sequence(pointAt(uris))),
});

/** IssuingDistributionPoint of a list that has only the certificates with one of these URIs. RFC 5280 5.2.5. */
export const issuingDistributionPoint = (uris: readonly string[]): Extension => ({
  oid: OID.issuingDistributionPoint,
  critical: true,
  value: sequence(pointAt(uris)),
});

const pointAt = (uris: readonly string[]): Uint8Array =>
  encode(explicit(0), encode(explicit(0), ...uris.map((uri) => generalNameFromText(`uri:${uri}`))));

const OCSP = oid('1.3.6.1.5.5.7.48.1');
const CA_ISSUERS = oid('1.3.6.1.5.5.7.48.2');

/** AuthorityInfoAccess: URIs of OCSP responders and of the issuing certificate. RFC 5280 4.2.2.1. */
export const authorityInfoAccess = (at: { ocsp?: readonly string[]; caIssuers?: readonly string[] }): Extension => ({
  oid: OID.authorityInfoAccess,
  critical: false,
  value: sequence(
    ...(at.ocsp ?? []).map((uri) => sequence(OCSP, generalNameFromText(`uri:${uri}`))),
    ...(at.caIssuers ?? []).map((uri) => sequence(CA_ISSUERS, generalNameFromText(`uri:${uri}`))),
  ),
});

/**
 * The names of a SubjectAltName extension value. Throws DerError when malformed, empty, or of more than 2,048 names.
 */
export function readGeneralNames(value: Uint8Array): GeneralName[] {
  const reader = DerReader.over(value);
  const names = reader.sequence().each(MOST_NAMES, readGeneralName);
  reader.end();
  if (names.length === 0) throw new DerError('SubjectAltName without names');
  return names;
}

/**
 * SubjectAltName of GeneralNames, each DER, written by `generalNameFromText` or as received. It must be critical
 * exactly when the subject is empty (RFC 5280 4.2.1.6).
 */
export const subjectAltName = (names: readonly Uint8Array[], critical = false): Extension => ({
  oid: OID.subjectAltName,
  critical,
  value: sequence(...names),
});
