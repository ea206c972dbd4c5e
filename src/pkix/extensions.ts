/** Certificate extensions (RFC 5280 4.2) that the product reads in requests and writes into certificates. */
import { hash } from 'node:crypto';
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit, implicit, TAG } from '../asn1/tags.ts';
import {
  boolean,
  encode,
  ia5String,
  namedBits,
  octetString,
  oid,
  sequence,
  smallInteger,
  utf8String,
} from '../asn1/writer.ts';
import type { Extension, GeneralName, GeneralNameType } from '../core/request.ts';
import { nameText } from './name.ts';
import { EXTENDED_KEY_USAGES, OID } from './oids.ts';

const MOST_EXTENSIONS = 64;
const MOST_NAMES = 2048;

/** Reads a SEQUENCE OF Extension. Throws DerError on a repeated extension: which one counts would be a guess. */
export function readExtensions(reader: DerReader): Extension[] {
  const extensions = reader.sequence().each(MOST_EXTENSIONS, (list) => {
    const extension = list.sequence();
    const id = extension.oid();
    const critical = extension.tag === TAG.boolean ? extension.boolean() : false;
    const value = extension.octetString();
    extension.end();
    return { oid: id, critical, value };
  });
  if (new Set(extensions.map((extension) => extension.oid)).size !== extensions.length)
    throw new DerError('an extension is repeated');
  return extensions;
}

/** The elements of what every certificate names, made once. */
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
/** One of them. */
export type KeyUsage = (typeof KEY_USAGES)[number];

/** KeyUsage, critical as RFC 5280 4.2.1.3 wants it. */
export const keyUsage = (usages: readonly KeyUsage[]): Extension => ({
  oid: OID.keyUsage,
  critical: true,
  value: namedBits(usages.map((usage) => KEY_USAGES.indexOf(usage))),
});

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

export const readExtendedKeyUsage = (value: Uint8Array): string[] =>
  DerReader.over(value)
    .sequence()
    .each(MOST_EXTENSIONS, (list) => list.oid());

/** `pathLength` undefined on a CA: no limit. */
export const basicConstraints = (ca: boolean, pathLength?: number): Extension => ({
  oid: OID.basicConstraints,
  critical: true,
  value: ca ? sequence(boolean(true), ...(pathLength === undefined ? [] : [smallInteger(pathLength)])) : sequence(),
});

/** Whether the extension claims a CA. Throws DerError when malformed. */
export function readBasicConstraints(value: Uint8Array): { ca: boolean } {
  const constraints = DerReader.over(value).sequence();
  return { ca: constraints.tag === TAG.boolean && constraints.boolean() };
}

/** RFC 5280 4.2.1.2 method 1: SHA-1 of the key bits. */
export function keyIdentifier(spki: Uint8Array): Uint8Array {
  const info = DerReader.over(spki).sequence();
  info.element();
  return hash('sha1', info.bitString(), 'buffer');
}

export const subjectKeyIdentifier = (spki: Uint8Array): Extension => ({
  oid: OID.subjectKeyIdentifier,
  critical: false,
  value: octetString(keyIdentifier(spki)),
});

export const authorityKeyIdentifier = (identifier: Uint8Array): Extension => ({
  oid: OID.authorityKeyIdentifier,
  critical: false,
  value: sequence(encode(implicit(0), identifier)),
});

/** CRLDistributionPoints with one point of one or more URIs. RFC 5280 4.2.1.13. */
export const crlDistributionPoint = (uris: readonly string[]): Extension => ({
  oid: OID.cRLDistributionPoints,
  critical: false,
  value: sequence(
    sequence(encode(explicit(0), encode(explicit(0), ...uris.map((uri) => generalNameFromText(`uri:${uri}`))))),
  ),
});

const OCSP = oid('1.3.6.1.5.5.7.48.1');
const CA_ISSUERS = oid('1.3.6.1.5.5.7.48.2');

/** AuthorityInfoAccess: where to ask for revocation, where to fetch the issuing certificate. RFC 5280 4.2.2.1. */
export const authorityInfoAccess = (at: { ocsp?: readonly string[]; caIssuers?: readonly string[] }): Extension => ({
  oid: OID.authorityInfoAccess,
  critical: false,
  value: sequence(
    ...(at.ocsp ?? []).map((uri) => sequence(OCSP, generalNameFromText(`uri:${uri}`))),
    ...(at.caIssuers ?? []).map((uri) => sequence(CA_ISSUERS, generalNameFromText(`uri:${uri}`))),
  ),
});

/** GeneralName, RFC 5280 4.2.1.6, by identifier octet: a primitive type in constructed form is no DER. */
const GENERAL_NAMES: ReadonlyMap<number, GeneralNameType> = new Map([
  [explicit(0), 'otherName'],
  [implicit(1), 'email'],
  [implicit(2), 'dns'],
  [explicit(3), 'x400'],
  [explicit(4), 'directory'],
  [explicit(5), 'ediParty'],
  [implicit(6), 'uri'],
  [implicit(7), 'ip'],
  [implicit(8), 'registeredId'],
]);

/** The names of a SubjectAltName extension value. Throws DerError when malformed or empty. */
export function readGeneralNames(value: Uint8Array): GeneralName[] {
  const reader = DerReader.over(value);
  const names = reader.sequence().each(MOST_NAMES, (list) => {
    const { tag, der, content } = list.element();
    const type = GENERAL_NAMES.get(tag);
    if (!type) throw new DerError(`unknown GeneralName tag 0x${tag.toString(16)}`);
    return { type, der, text: generalNameText(type, content) };
  });
  reader.end();
  if (names.length === 0) throw new DerError('SubjectAltName without names');
  return names;
}

function generalNameText(type: GeneralNameType, content: Uint8Array): string {
  if (type === 'email' || type === 'dns' || type === 'uri') return Buffer.from(content).toString('latin1');
  if (type === 'ip') return ipText(content);
  if (type === 'directory') return nameText(content);
  if (type === 'otherName') return otherNameText(content);
  return Buffer.from(content).toString('hex');
}

function ipText(content: Uint8Array): string {
  if (content.length === 4) return content.join('.');
  const hex = Buffer.from(content).toString('hex');
  return content.length === 16 ? (hex.match(/.{4}/g) ?? []).join(':') : hex;
}

/** A user principal name reads as itself, any other type as its OID. */
function otherNameText(content: Uint8Array): string {
  const other = DerReader.over(content);
  const type = other.oid();
  const value = other.enter(explicit(0));
  return type === OID.userPrincipalName ? value.string() : type;
}

/** SubjectAltName; critical exactly when the subject is empty (RFC 5280 4.2.1.6). */
export const subjectAltName = (names: readonly Uint8Array[], critical = false): Extension => ({
  oid: OID.subjectAltName,
  critical,
  value: sequence(...names),
});

/** One GeneralName, DER, from `dns:`, `email:`, `upn:`, `uri:` or `ip:` and its text. Throws DerError otherwise. */
export function generalNameFromText(text: string): Uint8Array {
  const [, kind, value] = /^(dns|email|upn|uri|ip):(.+)$/s.exec(text) ?? [];
  if (kind === undefined || value === undefined)
    throw new DerError(`not a name: ${text.slice(0, 80)}; write dns:, email:, upn:, uri: or ip: before it`);
  if (kind === 'ip') return encode(implicit(7), ipOctets(value));
  if (kind === 'upn') return encode(explicit(0), oid(OID.userPrincipalName), encode(explicit(0), utf8String(value)));
  const ascii = ia5String(value);
  return encode(
    implicit({ email: 1, dns: 2, uri: 6 }[kind as 'email' | 'dns' | 'uri']),
    DerReader.over(ascii).read(TAG.ia5String),
  );
}

function ipOctets(text: string): Uint8Array {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const octets = text.split('.').map(Number);
    if (octets.every((octet) => octet < 256)) return Uint8Array.from(octets);
  }
  const groups = ipv6Groups(text);
  if (groups?.length !== 8) throw new DerError(`not an IP address: ${text.slice(0, 80)}`);
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function ipv6Groups(text: string): number[] | undefined {
  if (!/^[0-9a-f:]+$/i.test(text)) return undefined;
  const [head, tail, more] = text.split('::');
  if (more !== undefined) return undefined;
  const left = head === '' || head === undefined ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  if (gap < 0 || [...left, ...right].some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return [...left, ...Array<string>(gap).fill('0'), ...right].map((group) => Number.parseInt(group, 16));
}
