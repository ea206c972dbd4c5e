/** messageType and challengePassword as octets, for every form of the tables. */
import { TAG } from '../../src/asn1/tags.ts';
import { encode, nullValue, octetString, oid, sequence, setOf, smallInteger } from '../../src/asn1/writer.ts';
import { OID } from '../../src/pkix/oids.ts';
import { SCEP_ATTRIBUTE } from '../../src/scep/message-attributes.ts';
import { attribute } from '../kit/forge.ts';
import type { ChallengeName } from './challenges.table.ts';

const string = (tag: number, text: string): Uint8Array => encode(tag, Buffer.from(text, 'latin1'));
const utf8 = (text: string): Uint8Array => encode(TAG.utf8String, Buffer.from(text));
const wide = (text: string): Uint8Array => encode(TAG.bmpString, Buffer.from(text, 'utf16le').swap16());
const wider = (text: string): Uint8Array =>
  encode(TAG.universalString, ...Array.from(text, (letter) => Buffer.of(0, 0, 0, letter.charCodeAt(0))));
const printable = (text: string): Uint8Array => string(TAG.printableString, text);

const type = (...values: readonly Uint8Array[]): Uint8Array[] => [attribute(SCEP_ATTRIBUTE.messageType, ...values)];
const NINETEEN = printable('19');

/** Forms that are not a PrintableString with the text of their name. */
const TYPE_FORMS: ReadonlyMap<string, Uint8Array[]> = new Map([
  ['absent', []],
  ['no value', type()],
  ['19 and 19', type(NINETEEN, NINETEEN)],
  ['22 and 19', type(printable('22'), NINETEEN)],
  ['3 and 19', type(printable('3'), NINETEEN)],
  ['19 twice', [...type(NINETEEN), ...type(NINETEEN)]],
  ['INTEGER 17', type(smallInteger(17))],
  ['INTEGER 19', type(smallInteger(19))],
  ['INTEGER 18', type(smallInteger(18))],
  ['INTEGER 3', type(smallInteger(3))],
  ['INTEGER -19', type(encode(TAG.integer, Buffer.of(0xed)))],
  ['INTEGER 19 in two octets', type(encode(TAG.integer, Buffer.of(0, 19)))],
  ['INTEGER 12601', type(string(TAG.integer, '19'))],
  ['ENUMERATED 19', type(encode(TAG.enumerated, Buffer.of(19)))],
  ['BIT STRING 19', type(string(TAG.bitString, '19'))],
  ['SEQUENCE 19', type(sequence(NINETEEN))],
  ['NULL', type(nullValue)],
  ['UTF8String 17', type(utf8('17'))],
  ['UTF8String 19', type(utf8('19'))],
  ['IA5String 19', type(string(TAG.ia5String, '19'))],
  ['T61String 19', type(string(TAG.t61String, '19'))],
  ['NumericString 19', type(string(TAG.numericString, '19'))],
  ['OCTET STRING 19', type(octetString(Buffer.from('19')))],
  ['BMPString 19', type(wide('19'))],
  ['UniversalString 19', type(wider('19'))],
  ['OCTET STRING 0x13', type(octetString(Buffer.of(19)))],
  ['empty', type(printable(''))],
  ['19 NUL', type(printable('19\0'))],
  ['19 line feed', type(printable('19\n'))],
  ['19, 17', type(printable('19,17'))],
  ['full width 19', type(utf8('１９'))],
]);

/** The messageType attributes, DER, of a form. */
export const typeAttributes = (name: string): readonly Uint8Array[] => TYPE_FORMS.get(name) ?? type(printable(name));

const password = (...values: readonly Uint8Array[]): Uint8Array[] => [
  sequence(oid(OID.challengePassword), setOf(...values)),
];
/** Windows sends a PrintableString; what is outside its alphabet is sent in it all the same. */
const text = (value: string): Uint8Array[] => password(printable(value));
const otherCase = (value: string): string =>
  value.replace(/[a-z]/gi, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()));
const WRONG = printable('not-the-challenge');

/** The attributes, DER, given the text. For `used` and the like that text is what is used already. */
const CHALLENGE_FORMS: Readonly<Record<ChallengeName, (value: string) => Uint8Array[]>> = {
  right: text,
  'right, UTF8String': (value) => password(utf8(value)),
  'right, BMPString': (value) => password(wide(value)),
  'right, T61String': (value) => password(string(TAG.t61String, value)),
  'right, IA5String': (value) => password(string(TAG.ia5String, value)),
  'right, UniversalString': (value) => password(wider(value)),
  'right, NUL': (value) => text(`${value}\0`),
  missing: () => [],
  empty: () => text(''),
  'only NUL': () => text('\0'),
  wrong: () => password(WRONG),
  'of another endpoint': text,
  'other case': (value) => text(otherCase(value)),
  'space at the end': (value) => text(`${value} `),
  'space before': (value) => text(` ${value}`),
  prefix: (value) => text(value.slice(0, -1)),
  longer: (value) => text(value + value),
  'two NULs': (value) => text(`${value}\0\0`),
  'NUL inside': (value) => text(`${value}\0more`),
  'line feed': (value) => text(`${value}\n`),
  used: text,
  expired: text,
  'of another subject': text,
  'right, wrong': (value) => [...text(value), ...password(WRONG)],
  'wrong, right': (value) => [...password(WRONG), ...text(value)],
  'right, right': (value) => [...text(value), ...text(value)],
  'two values': (value) => password(printable(value), WRONG),
  'no value': () => password(),
  'OCTET STRING': (value) => password(octetString(Buffer.from(value))),
  INTEGER: () => password(smallInteger(19)),
};

/** The challengePassword attributes, DER, of a certification request. */
export const challengeAttributes = (name: ChallengeName, value: string): Uint8Array[] => CHALLENGE_FORMS[name](value);
