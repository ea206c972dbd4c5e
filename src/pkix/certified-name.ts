/** Names as they are certified: in string types and alphabets that every reader of certificates knows (RFC 5280 4.1.2.4). */
import { DerError } from '../asn1/limits.ts';
import { isBeyond31Bits } from '../asn1/oid.ts';
import { isPrintable } from '../asn1/strings.ts';
import { TAG } from '../asn1/tags.ts';
import { oid, printableString, sequence, setOf, utf8String } from '../asn1/writer.ts';
import { equalBytes } from '../core/bytes.ts';
import { ATTRIBUTES, attributeName, type NameAttribute, readName } from './name.ts';

/** Characters of one value. RFC 5280 A.1 has 64 for most types; Microsoft's CA can be told not to enforce that. */
const LONGEST_VALUE = 1024;

const ANY = /^/;
/** The alphabet of each string type of a value: DirectoryString, IA5String and NumericString (X.680 41). */
const ALPHABETS: ReadonlyMap<number, RegExp> = new Map([
  [TAG.utf8String, ANY],
  // Clients write `_`, `@`, `*` and `&` too. Those values become UTF8String.
  [TAG.printableString, /^[ -~]*$/],
  [TAG.t61String, ANY],
  [TAG.bmpString, ANY],
  [TAG.universalString, ANY],
  [TAG.ia5String, /^[\0-\x7f]*$/],
  [TAG.numericString, /^[0-9 ]*$/],
]);

/** What no text in a certificate may have. Verifiers in C have accepted `good.example\0.evil.example` as `good.example`. */
const FAULTS: readonly (readonly [has: (text: string) => boolean, words: string])[] = [
  [(text) => /[\0-\x1f\x7f-\x9f]/.test(text), 'control characters'],
  [(text) => !text.isWellFormed(), 'half a character (a lone surrogate)'],
  [(text) => text.trim() === '', 'no text'],
  [(text) => text.length > LONGEST_VALUE, `more than ${LONGEST_VALUE} characters`],
];

/** What is wrong with a character string of a certificate, as text; undefined when nothing is. */
export function textFault(tag: number, text: string): string | undefined {
  const alphabet = ALPHABETS.get(tag);
  if (!alphabet) return 'a type that is no DirectoryString, IA5String or NumericString';
  return FAULTS.find(([has]) => has(text))?.[1] ?? (alphabet.test(text) ? undefined : 'characters outside its type');
}

/** RFC 5280 A.1: PrintableString and nothing else. */
const PRINTABLE: ReadonlySet<string> = new Set([ATTRIBUTES.C, ATTRIBUTES.serialNumber, ATTRIBUTES.dnQualifier]);

/**
 * The Name as it is certified, DER: the same octets when every reader understands them. A value that only some
 * understand gets another string type with the same text: PrintableString outside its alphabet, UniversalString, and
 * BMPString with characters that UCS-2 lacks. Throws DerError, which quotes the value, for an RDN without attributes or with one twice, a
 * value that is no character string or has a fault of the list, and a country that is not two letters.
 */
export function certifiedName(der: Uint8Array): Uint8Array {
  const rdns = readName(der);
  if (rdns.some((rdn) => rdn.length === 0)) throw new DerError('an empty RDN');
  if (rdns.some((rdn) => rdn.length > 1 && hasTwins(rdn))) throw new DerError('the same attribute twice in one RDN');
  const written = rdns.map((rdn) => rdn.map((attribute) => ({ ...attribute, value: certifiedValue(attribute) })));
  const isSame = rdns.every((rdn, i) => rdn.length === 1 && rdn[0]!.value === written[i]![0]!.value);
  if (isSame) return der;
  const whole = sequence(...written.map((rdn) => setOf(...rdn.map(({ type, value }) => sequence(oid(type), value)))));
  return equalBytes(whole, der) ? der : whole;
}

/** An RDN is a set: pyca cannot read one with two equal elements. */
const hasTwins = (rdn: readonly NameAttribute[]): boolean =>
  new Set(rdn.map(({ type, text }) => `${type}=${text}`)).size < rdn.length;

function certifiedValue({ type, text, value }: NameAttribute): Uint8Array {
  const tag = value[0] ?? 0;
  const fault = typeFault(type, text) ?? textFault(tag, text);
  if (fault !== undefined)
    throw new DerError(`${fault} in ${attributeName(type)}=${JSON.stringify(text.slice(0, 80))}`);
  if (PRINTABLE.has(type) && tag !== TAG.printableString && isPrintable(text)) return printableString(text);
  return isReadable(tag, text) ? value : utf8String(text);
}

/** Go reads no arc of an attribute type beyond 31 bits. */
function typeFault(type: string, text: string): string | undefined {
  if (type === ATTRIBUTES.C && !/^[a-z]{2}$/i.test(text)) return 'a country that is not two letters';
  return /\d{10}/.test(type) && isBeyond31Bits(type) ? 'an attribute type with a number beyond 31 bits' : undefined;
}

/** Go reads no UniversalString, and takes the alphabets of the others literally. */
const isReadable = (tag: number, text: string): boolean =>
  tag === TAG.printableString ? isPrintable(text) : tag === TAG.bmpString ? isUcs2(text) : tag !== TAG.universalString;

const isUcs2 = (text: string): boolean => !/[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]/.test(text);
