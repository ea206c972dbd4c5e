/** The forms of messageType that the requests have, and what each must be read as. Written by hand. */

/** RFC 8894 3.2.1.2. `none`: no type of a request. `two`: the attribute has two values, or is there twice. */
export type Type = {
  readAs: 'PKCSReq' | 'RenewalReq' | 'CertPoll' | 'GetCert' | 'GetCRL' | 'none' | 'two';
  form: string;
};

const NUMBERS: Readonly<Record<number, Type['readAs']>> = {
  17: 'RenewalReq',
  19: 'PKCSReq',
  20: 'CertPoll',
  21: 'GetCert',
  22: 'GetCRL',
};

/** 0 to 255, as the PrintableString that RFC 8894 demands. */
const decimals = Array.from({ length: 256 }, (_, number): [string, Type] => [
  String(number),
  { readAs: NUMBERS[number] ?? 'none', form: `PrintableString "${number}"` },
]);

/** Name, what it is read as, and the form. */
const ODD: readonly (readonly [string, Type['readAs'], string])[] = [
  ['absent', 'none', 'no messageType'],
  ['no value', 'two', 'an empty SET'],
  ['19 and 19', 'two', 'two values: "19", "19"'],
  ['22 and 19', 'two', 'two values: "19", "22"'],
  ['3 and 19', 'two', 'two values: "19", "3"'],
  ['19 twice', 'two', 'two attributes: "19", "19"'],
  ['INTEGER 17', 'RenewalReq', 'INTEGER 17'],
  ['INTEGER 19', 'PKCSReq', 'INTEGER 19'],
  ['INTEGER 18', 'none', 'INTEGER 18'],
  ['INTEGER 3', 'none', 'INTEGER 3'],
  ['INTEGER -19', 'none', 'INTEGER -19'],
  ['INTEGER 19 in two octets', 'none', 'INTEGER 19, encoded in two octets'],
  ['INTEGER 12601', 'none', 'INTEGER 12601, whose octets are those of the text "19"'],
  ['ENUMERATED 19', 'none', 'ENUMERATED 19'],
  ['BIT STRING 19', 'none', 'BIT STRING with the octets of "19"'],
  ['SEQUENCE 19', 'none', 'SEQUENCE of PrintableString "19"'],
  ['NULL', 'none', 'NULL'],
  ['UTF8String 17', 'RenewalReq', 'UTF8String "17"'],
  ['UTF8String 19', 'PKCSReq', 'UTF8String "19"'],
  ['IA5String 19', 'PKCSReq', 'IA5String "19"'],
  ['T61String 19', 'PKCSReq', 'T61String "19"'],
  ['NumericString 19', 'PKCSReq', 'NumericString "19"'],
  ['OCTET STRING 19', 'PKCSReq', 'OCTET STRING "19"'],
  ['BMPString 19', 'none', 'BMPString "19"'],
  ['UniversalString 19', 'none', 'UniversalString "19"'],
  ['OCTET STRING 0x13', 'none', 'OCTET STRING with the one octet 19'],
  ['empty', 'none', 'PrintableString ""'],
  ['019', 'none', '"019"'],
  ['00019', 'none', '"00019"'],
  [' 19', 'none', '" 19"'],
  ['19 ', 'none', '"19 "'],
  ['+19', 'none', '"+19"'],
  ['-19', 'none', '"-19"'],
  ['19.0', 'none', '"19.0"'],
  ['0x13', 'none', '"0x13"'],
  ['1 9', 'none', '"1 9"'],
  ['19 NUL', 'none', '"19" and a NUL'],
  ['19 line feed', 'none', '"19" and a line feed'],
  ['19, 17', 'none', '"19,17"'],
  ['1e1', 'none', '"1e1"'],
  ['256', 'none', '"256"'],
  ['275', 'none', '"275", which is 19 in eight bits'],
  ['65555', 'none', '"65555", which is 19 in sixteen bits'],
  ['full width 19', 'none', 'UTF8String "１９"'],
  ['PKCSReq', 'none', '"PKCSReq"'],
  ['RenewalReq', 'none', '"RenewalReq"'],
  ['constructor', 'none', '"constructor"'],
  ['__proto__', 'none', '"__proto__"'],
];

/** By name. A Map, because of names such as `__proto__`. */
export const TYPES: ReadonlyMap<string, Type> = new Map<string, Type>([
  ...decimals,
  ...ODD.map(([name, readAs, form]): [string, Type] => [name, { readAs, form }]),
]);

/** The forms that are no plain number from 0 to 255. */
export const ODD_TYPES: readonly string[] = ODD.map(([name]) => name);
