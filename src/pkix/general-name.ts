/** GeneralName (RFC 5280 4.2.1.6): reads one name as text, and writes one from text. */
import { DerError } from '../asn1/limits.ts';
import { DerReader, type Element } from '../asn1/reader.ts';
import { stringText } from '../asn1/strings.ts';
import { explicit, implicit, TAG } from '../asn1/tags.ts';
import { encode, ia5String, oid, utf8String } from '../asn1/writer.ts';
import type { GeneralName, GeneralNameType } from '../core/request.ts';
import { nameText } from './name.ts';
import { OID } from './oids.ts';

/** The choices by identifier octet: DER writes a primitive type in primitive form only. */
const TYPES: ReadonlyMap<number, GeneralNameType> = new Map([
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

/**
 * Reads the next GeneralName. Throws DerError for a tag that is none of the nine choices, and for malformed content.
 */
export function readGeneralName(list: DerReader): GeneralName {
  const { tag, der, content } = list.element();
  const type = TYPES.get(tag);
  if (!type) throw new DerError(`unknown GeneralName tag 0x${tag.toString(16)}`);
  return { type, der, text: generalNameText(type, content) };
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

/** The text of a user principal name; the OID of any other type. Throws DerError for more or less than one value. */
function otherNameText(content: Uint8Array): string {
  const { type, value } = readOtherName(content);
  return type === OID.userPrincipalName ? stringText(value.tag, value.content) : type;
}

/** The type and the one value of an otherName (RFC 5280 4.2.1.6); `content` is what is inside its tag. */
export function readOtherName(content: Uint8Array): { type: string; value: Element } {
  const other = DerReader.over(content);
  const type = other.oid();
  const inner = other.enter(explicit(0));
  const value = inner.element();
  inner.end();
  other.end();
  return { type, value };
}

/**
 * One GeneralName, DER, from `dns:`, `email:`, `upn:`, `uri:` or `ip:` followed by its text. Throws DerError for
 * another prefix, for text outside ASCII (except `upn:`) and for a malformed IP address.
 */
export function generalNameFromText(text: string): Uint8Array {
  const [, type, value] = /^(dns|email|upn|uri|ip):(.+)$/s.exec(text) ?? [];
  const write = type === undefined ? undefined : WRITERS.get(type);
  if (!write || value === undefined)
    throw new DerError(`not a name: ${text.slice(0, 80)}; write dns:, email:, upn:, uri: or ip: before it`);
  return write(value);
}

const WRITERS: ReadonlyMap<string, (value: string) => Uint8Array> = new Map([
  ['email', (value) => ascii(1, value)],
  ['dns', (value) => ascii(2, value)],
  ['uri', (value) => ascii(6, value)],
  ['ip', (value) => encode(implicit(7), ipOctets(value))],
  ['upn', (value) => encode(explicit(0), oid(OID.userPrincipalName), encode(explicit(0), utf8String(value)))],
]);

const ascii = (choice: number, value: string): Uint8Array =>
  encode(implicit(choice), DerReader.over(ia5String(value)).read(TAG.ia5String));

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
