/** Writes DER. Each function returns one whole element, and calls nest as the structure nests in the standard. */
import { DerError } from './limits.ts';
import { oidContent } from './oid.ts';
import { isPrintable } from './strings.ts';
import { TAG } from './tags.ts';

/** How many octets identifier and length take before a content of `length` octets. */
export const headerSize = (length: number): number =>
  length < 0x80 ? 2 : length < 0x100 ? 3 : length < 0x10000 ? 4 : length < 0x1000000 ? 5 : 6;

/** Writes identifier and length to `at`, and returns where the content begins. */
export function writeHeader(der: Uint8Array, at: number, tag: number, length: number): number {
  const content = at + headerSize(length);
  const lengthOctets = content - at - 2;
  der[at] = tag;
  der[at + 1] = lengthOctets === 0 ? length : 0x80 | lengthOctets;
  for (let i = content - 1, rest = length; i > at + 1; i--, rest = Math.floor(rest / 256)) der[i] = rest & 0xff;
  return content;
}

/** An element with this identifier octet, whose content is `parts` in this order. */
export function encode(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const der = Buffer.allocUnsafe(headerSize(length) + length);
  let at = writeHeader(der, 0, tag, length);
  for (const part of parts) {
    der.set(part, at);
    at += part.length;
  }
  return der;
}

/** SEQUENCE, or SEQUENCE OF, of elements in this order. */
export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => encode(TAG.sequence, ...parts);

/** SET OF: elements in ascending order of their encodings (X.690 11.6). */
export const setOf = (...parts: readonly Uint8Array[]): Uint8Array =>
  encode(TAG.set, ...parts.toSorted((a, b) => Buffer.compare(a, b)));

/** OCTET STRING, primitive. */
export const octetString = (content: Uint8Array): Uint8Array => encode(TAG.octetString, content);
const ZERO = Uint8Array.of(0);
/** BIT STRING of whole octets: no unused bits. */
export const bitString = (content: Uint8Array): Uint8Array => encode(TAG.bitString, ZERO, content);
/** NULL, as the parameters of many algorithms have it. */
export const nullValue: Uint8Array = Uint8Array.of(TAG.null, 0);
/** BOOLEAN; true is 0xff (X.690 11.1). */
export const boolean = (value: boolean): Uint8Array => Uint8Array.of(TAG.boolean, 1, value ? 0xff : 0);
/** OBJECT IDENTIFIER from the dotted form. Throws DerError when `text` is not one. */
export const oid = (text: string): Uint8Array => encode(TAG.oid, oidContent(text));

/** INTEGER from an unsigned big-endian magnitude of any length, leading zeros allowed. */
export function unsignedInteger(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex((octet) => octet !== 0);
  if (first < 0) return Uint8Array.of(TAG.integer, 1, 0);
  const content = magnitude.subarray(first);
  return (content[0] ?? 0) >= 0x80 ? encode(TAG.integer, ZERO, content) : encode(TAG.integer, content);
}

/** INTEGER from a number from 0 to 2^32-1. Throws RangeError outside. */
export function smallInteger(value: number): Uint8Array {
  const magnitude = Buffer.alloc(4);
  magnitude.writeUInt32BE(value);
  return unsignedInteger(magnitude);
}

/** BIT STRING of named bits (X.690 11.2.2: no trailing zero bits). Bit 0 is the first, as RFC 5280 numbers them. */
export function namedBits(bits: readonly number[]): Uint8Array {
  if (bits.length === 0) return Uint8Array.of(TAG.bitString, 1, 0);
  const last = Math.max(...bits);
  const content = Buffer.alloc(2 + Math.floor(last / 8));
  content[0] = 7 - (last % 8);
  for (const bit of bits) content[1 + Math.floor(bit / 8)]! |= 0x80 >> (bit % 8);
  return encode(TAG.bitString, content);
}

/** UTF8String. */
export const utf8String = (text: string): Uint8Array => encode(TAG.utf8String, Buffer.from(text, 'utf8'));

/** PrintableString. Throws DerError when the text has a character outside its alphabet. */
export function printableString(text: string): Uint8Array {
  if (!isPrintable(text)) throw new DerError('not a PrintableString');
  return encode(TAG.printableString, Buffer.from(text, 'latin1'));
}

/** IA5String. Throws DerError when the text has a character outside ASCII. */
export function ia5String(text: string): Uint8Array {
  if (!isAscii(text)) throw new DerError('not an IA5String');
  return encode(TAG.ia5String, Buffer.from(text, 'latin1'));
}

/** Whether every character is in ASCII, the alphabet of IA5String. */
export const isAscii = (text: string): boolean => Buffer.from(text, 'utf8').length === text.length;

/**
 * A time as RFC 5280 4.1.2.5 demands: UTCTime from 1950 through 2049, GeneralizedTime otherwise, whole seconds, Z.
 * Throws DerError outside the years 100 to 9999.
 */
export function time(at: Date): Uint8Array {
  const year = at.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? encode(TAG.utcTime, Buffer.from(timeDigits(at).slice(2), 'latin1'))
    : generalizedTime(at);
}

/** GeneralizedTime for every year, whole seconds, Z: OCSP has no other (RFC 6960 4.2.2.1). Throws as `time`. */
export const generalizedTime = (at: Date): Uint8Array =>
  encode(TAG.generalizedTime, Buffer.from(timeDigits(at), 'latin1'));

function timeDigits(at: Date): string {
  const year = at.getUTCFullYear();
  if (!(year >= 100 && year <= 9999)) throw new DerError(`no time of four year digits: ${String(at)}`);
  const rest = [at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()];
  return `${digitsOf(year, 4)}${rest.map((part) => digitsOf(part, 2)).join('')}Z`;
}

const digitsOf = (value: number, width: number): string => String(value).padStart(width, '0');
