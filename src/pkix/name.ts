/** Distinguished names (RFC 5280 4.1.2.4) between DER and the text of RFC 4514. */
import { DerError } from '../asn1/limits.ts';
import { DerReader, type Element } from '../asn1/reader.ts';
import { isPrintable, isString, stringText } from '../asn1/strings.ts';
import { ia5String, oid, printableString, sequence, setOf, utf8String } from '../asn1/writer.ts';
import { equalBytes } from '../core/bytes.ts';

/** Attribute types by short name: those of RFC 4514 3, and more that OpenSSL and Microsoft use. */
export const ATTRIBUTES = {
  CN: '2.5.4.3',
  SN: '2.5.4.4',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  street: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  title: '2.5.4.12',
  G: '2.5.4.42',
  dnQualifier: '2.5.4.46',
  DC: '0.9.2342.19200300.100.1.25',
  UID: '0.9.2342.19200300.100.1.1',
  E: '1.2.840.113549.1.9.1',
  unstructuredName: '1.2.840.113549.1.9.2',
} as const;
const SHORT_NAMES: ReadonlyMap<string, string> = new Map(Object.entries(ATTRIBUTES).map(([name, id]) => [id, name]));
const BY_NAME: ReadonlyMap<string, string> = new Map<string, string>([
  ...Object.entries(ATTRIBUTES).map(([name, id]) => [name.toLowerCase(), id] as const),
  ['emailaddress', ATTRIBUTES.E],
  ['givenname', ATTRIBUTES.G],
  ['surname', ATTRIBUTES.SN],
  ['s', ATTRIBUTES.ST],
]);
const IA5: ReadonlySet<string> = new Set([ATTRIBUTES.E, ATTRIBUTES.DC]);

/** More RDNs than any directory has. */
const MOST_RDNS = 256;
/** Real names have up to some hundred characters. Names go to logs and pages, so a name of a megabyte is an attack. */
const MOST_OCTETS = 8192;

/** One attribute of a name: its type (dotted OID), its value as text, and the value, DER. */
export type NameAttribute = { type: string; text: string; value: Uint8Array };

/** The RDNs of a Name, in encoded order. Throws DerError when malformed or longer than 8,192 octets. */
export function readName(der: Uint8Array): NameAttribute[][] {
  if (der.length > MOST_OCTETS) throw new DerError(`a name of ${der.length} octets`);
  const reader = DerReader.over(der);
  const rdns = reader.sequence().each(MOST_RDNS, (name) =>
    name.set().each(MOST_RDNS, (rdn) => {
      const attribute = rdn.sequence();
      const type = attribute.oid();
      const value = attribute.element();
      attribute.end();
      return { type, text: valueText(value), value: value.der };
    }),
  );
  reader.end();
  return rdns;
}

const valueText = (value: Element): string =>
  isString(value.tag) ? stringText(value.tag, value.content) : `#${Buffer.from(value.der).toString('hex')}`;

/** A Name, DER, as RFC 4514 text: last RDN first, values escaped, unknown types as dotted OIDs. Throws DerError. */
export const nameText = (der: Uint8Array): string =>
  readName(der)
    .toReversed()
    .map((rdn) => rdn.map(attributeText).join('+'))
    .join(',');

/** The type of an attribute, a dotted OID, by a name that `nameFromText` knows; undefined for another one. */
export const attributeType = (name: string): string | undefined =>
  BY_NAME.get(name.toLowerCase()) ?? (/^\d+(?:\.\d+)+$/.test(name) ? name : undefined);

/** The short name of an attribute type, such as CN; the dotted OID of an unknown one. */
export const attributeName = (type: string): string => SHORT_NAMES.get(type) ?? type;

const attributeText = ({ type, text, value }: NameAttribute): string =>
  `${attributeName(type)}=${isString(value[0] ?? 0) ? escapeValue(text) : text}`;

/** Values without a character to escape, which are nearly all. */
const ORDINARY = /^(?![ #])[^\\",+;<>=\u0000-\u001f\u007f-\u009f\u2028\u2029]*(?<! )$/;

/** The text of an attribute value with the characters of RFC 4514 2.4 escaped. */
export const escapeValue = (text: string): string => (ORDINARY.test(text) ? text : escaped(text));

const escaped = (text: string): string =>
  text
    .replace(/[\\",+;<>=]/g, '\\$&')
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (c) =>
      [...Buffer.from(c)].map((octet) => `\\${octet.toString(16).padStart(2, '0')}`).join(''),
    )
    .replace(/^[ #]|(?!^) $/g, '\\$&');

/**
 * A Name, DER, from RFC 4514 text; spaces around `,` and `+` are dropped. Throws DerError that quotes the wrong part.
 */
export function nameFromText(text: string): Uint8Array {
  if (text.trim() === '') return sequence();
  const rdns = split(text, ',').map((rdn) => setOf(...split(rdn, '+').map(attributeFromText)));
  return sequence(...rdns.toReversed());
}

/**
 * The parts between separators without a backslash before them. Empty parts are kept; attributeFromText rejects them.
 */
const split = (text: string, separator: string): string[] =>
  [...text.matchAll(new RegExp(`(?:^|[${separator}])((?:\\\\.?|[^\\\\${separator}])*)`, 'gs'))].map(
    ([, part = '']) => part,
  );

const ATTRIBUTE = /^\s*([a-z][a-z0-9]*|\d+(?:\.\d+)+)\s*=[ \t\r\n]*(.*)$/is;

/**
 * The value without the spaces at its end, of which a backslash keeps the first. Reads each character once. Undefined for
 * a backslash with nothing after it.
 */
function withoutSpaces(value: string): string | undefined {
  let end = value.length;
  while (end > 0 && ' \t\r\n'.includes(value[end - 1]!)) end--;
  let slashes = 0;
  while (value[end - 1 - slashes] === '\\') slashes++;
  if (slashes % 2 === 0) return value.slice(0, end);
  return end < value.length ? value.slice(0, end + 1) : undefined;
}

function attributeFromText(text: string): Uint8Array {
  const [, name = '', written = ''] = ATTRIBUTE.exec(text) ?? [];
  const type = BY_NAME.get(name.toLowerCase()) ?? (name.includes('.') ? name : undefined);
  const value = withoutSpaces(written);
  if (!type || value === undefined) throw new DerError(`not a name attribute: ${text.trim().slice(0, 80)}`);
  const isDer = /^#([0-9a-f]{2})+$/i.test(value);
  return sequence(oid(type), isDer ? wholeElement(value.slice(1)) : attributeValue(type, unescape(value)));
}

/** RFC 4514 2.4: the hexadecimal form of a value is its BER; only DER is accepted. */
function wholeElement(hex: string): Uint8Array {
  const reader = DerReader.over(Buffer.from(hex, 'hex'));
  const { der } = reader.element();
  reader.end();
  return der;
}

function attributeValue(type: string, value: string): Uint8Array {
  if (IA5.has(type)) return ia5String(value);
  // RFC 5280 4.1.2.4: country and serialNumber are PrintableString, others may be UTF8String.
  const wantsPrintable = type === ATTRIBUTES.C || type === ATTRIBUTES.serialNumber;
  return wantsPrintable && isPrintable(value) ? printableString(value) : utf8String(value);
}

/**
 * RFC 4514 3: a backslash and two hexadecimal digits are one octet of UTF-8; before any other character it is dropped.
 */
const unescape = (text: string): string =>
  text.replace(/((?:\\[0-9a-f]{2})+)|\\(.)/gis, (_, octets?: string, character: string = '') =>
    octets === undefined ? character : Buffer.from(octets.replaceAll('\\', ''), 'hex').toString('utf8'),
  );

/** Whether a Name, DER, has no RDNs. */
export const isEmptyName = (der: Uint8Array): boolean => der.length === 2;

/**
 * Whether two Names, DER, are equal: the part of RFC 5280 7.1 that clients depend on. The same types in the same order,
 * values compared as text without regard to string type, letter case and repeated spaces. Throws DerError.
 */
export const sameName = (a: Uint8Array, b: Uint8Array): boolean => equalBytes(a, b) || comparable(a) === comparable(b);

const comparable = (der: Uint8Array): string =>
  JSON.stringify(readName(der).map((rdn) => rdn.map(({ type, ...value }) => `${type}=${folded(value)}`).toSorted()));

const folded = ({ text, value }: Pick<NameAttribute, 'text' | 'value'>): string =>
  // The quote distinguishes text such as `#0500` from a value that is not a string.
  isString(value[0] ?? 0) ? `"${text.trim().replace(/\s+/g, ' ').toLowerCase()}` : text;

/** The attributes of a Name, DER, each as text by which `sameName` compares it. Throws DerError. */
export const comparableAttributes = (der: Uint8Array): string[] =>
  readName(der)
    .flat()
    .map(({ type, ...value }) => `${type}=${folded(value)}`);

/** One attribute of a name, DER, its `type` a dotted OID. Throws DerError for text outside ASCII where the type wants an IA5String. */
export const nameAttribute = (type: string, text: string): Uint8Array =>
  sequence(oid(type), attributeValue(type, text));

/** One RDN, DER, with one attribute. A Name is `sequence(...rdns)`. */
export const rdn = (type: keyof typeof ATTRIBUTES, text: string): Uint8Array =>
  setOf(nameAttribute(ATTRIBUTES[type], text));
