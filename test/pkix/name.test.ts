import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { encode, oid, sequence, setOf, utf8String } from '../../src/asn1/writer.ts';
import { isEmptyName, nameFromText, nameText, rdn, readName, sameName } from '../../src/pkix/name.ts';

const commonName = (value: Uint8Array): Uint8Array => sequence(setOf(sequence(oid('2.5.4.3'), value)));
const text = (value: string): Uint8Array => commonName(utf8String(value));

/** Values, and how RFC 4514 2.4 writes them. */
const ESCAPED: ReadonlyArray<readonly [string, string]> = [
  ['plain', 'CN=plain'],
  ['', 'CN='],
  [' ', 'CN=\\ '],
  ['  ', 'CN=\\ \\ '],
  [' both ends ', 'CN=\\ both ends\\ '],
  ['#hash', 'CN=\\#hash'],
  ['#0500', 'CN=\\#0500'],
  ['a#b', 'CN=a#b'],
  ['a,b+c"d\\e;f<g>h=i', 'CN=a\\,b\\+c\\"d\\\\e\\;f\\<g\\>h\\=i'],
  ['\\2c', 'CN=\\\\2c'],
  ['a\0b\nc', 'CN=a\\00b\\0ac'],
  ['\u0085\u2028', 'CN=\\c2\\85\\e2\\80\\a8'],
  ['Žofie 名 😀', 'CN=Žofie 名 😀'],
];
for (const [value, written] of ESCAPED)
  test(`Q06 ${JSON.stringify(value)} is written ${written}`, () => {
    assert.equal(nameText(text(value)), written);
    assert.deepEqual(Buffer.from(nameFromText(written)), Buffer.from(text(value)));
  });

/** Other spellings that users write, and the text that the name is shown as. */
const READ: Readonly<Record<string, string>> = {
  'cn=a': 'CN=a',
  ' CN = a , O = b ': 'CN=a,O=b',
  'emailAddress=a@b.example': 'E=a@b.example',
  'givenName=Ada,surname=Lovelace': 'G=Ada,SN=Lovelace',
  'S=Bavaria': 'ST=Bavaria',
  '2.5.4.3=a': 'CN=a',
  '1.2.3=x': '1.2.3=x',
  'CN=a\\2cb': 'CN=a\\,b',
  'CN=Lu\\C4\\8Di\\C4\\87': 'CN=Lučić',
  'CN=#0500': 'CN=#0500',
  'CN=#0c0161': 'CN=a',
  'CN=a\\\\ ': 'CN=a\\\\',
  'CN=\\ ': 'CN=\\ ',
  'CN= \\\\\\  ': 'CN=\\\\\\ ',
  'CN=a\\  ': 'CN=a\\ ',
  'DC=www,DC=example': 'DC=www,DC=example',
  'O=b+CN=a': 'CN=a+O=b',
  'CN=a"b': 'CN=a\\"b',
};
for (const [given, written] of Object.entries(READ))
  test(`"${given}" is read as ${written}`, () => assert.equal(nameText(nameFromText(given)), written));

for (const given of [
  'a',
  '=a',
  'CN',
  'XX=a',
  'CN=a,',
  ',CN=a',
  'CN=a,,O=b',
  'CN=a+',
  'CN=a\\',
  '1.=a',
  '1.40.1=a',
  'E=é',
  'DC=é',
])
  test(`"${given}" is no name`, () => assert.throws(() => nameFromText(given), DerError));

test('the error quotes the wrong part, shortened', () => {
  assert.throws(() => nameFromText('CN=a,wrong,O=b'), /not a name attribute: wrong$/);
  assert.throws(
    () => nameFromText('x'.repeat(10_000)),
    (error) => (error as Error).message.length < 120,
  );
});

test('text has the RDNs in reverse order (RFC 4514 2.1)', () => {
  const der = sequence(rdn('C', 'DE'), rdn('O', 'Example'), rdn('CN', 'a'));
  assert.equal(nameText(der), 'CN=a,O=Example,C=DE');
  assert.deepEqual(Buffer.from(nameFromText('CN=a,O=Example,C=DE')), Buffer.from(der));
});

test('string types: PrintableString for country and serialNumber, IA5String for mail and domain, else UTF8String', () => {
  const tags = (name: string) => readName(nameFromText(name)).map(([attribute]) => attribute?.value[0]);
  assert.deepEqual(tags('CN=a,E=a@b,DC=example,serialNumber=1,C=DE'), [0x13, 0x13, 0x16, 0x16, 0x0c]);
  assert.deepEqual(tags('serialNumber=a_b'), [0x0c]);
});

test('an empty name has no RDN', () => {
  assert.ok(isEmptyName(nameFromText('')) && isEmptyName(nameFromText(' ')) && !isEmptyName(text('')));
  assert.equal(nameText(sequence()), '');
});

const bmp = commonName(encode(0x1e, Buffer.from('\0\xe9\0A', 'latin1')));
const SAME: ReadonlyArray<readonly [string, Uint8Array, Uint8Array]> = [
  ['letter case', text('Ada'), text('aDA')],
  ['spaces', text('a b'), text('  a   b ')],
  ['string type', bmp, text('éa')],
  [
    'order within an RDN',
    nameFromText('CN=a+O=b'),
    encode(0x30, encode(0x31, sequence(oid('2.5.4.10'), utf8String('B')), sequence(oid('2.5.4.3'), utf8String('A')))),
  ],
];
for (const [what, a, b] of SAME) test(`names that differ in ${what} are the same`, () => assert.ok(sameName(a, b)));

const DIFFERENT: ReadonlyArray<readonly [string, Uint8Array, Uint8Array]> = [
  ['value', text('a'), text('b')],
  ['a space', text('a b'), text('ab')],
  ['type', nameFromText('CN=a'), nameFromText('O=a')],
  ['order of RDNs', nameFromText('CN=a,O=b'), nameFromText('O=b,CN=a')],
  ['number of RDNs', nameFromText('CN=a'), nameFromText('CN=a,CN=a')],
  ['grouping into RDNs', nameFromText('CN=a+O=b'), nameFromText('CN=a,O=b')],
  ["text that looks like the other one's octets", text('#0500'), nameFromText('CN=#0500')],
  ['text that looks like another attribute', text('a,O=b'), nameFromText('CN=a,O=b')],
];
for (const [what, a, b] of DIFFERENT)
  test(`names that differ in ${what} are not the same`, () => {
    assert.ok(!sameName(a, b));
    assert.ok(!sameName(b, a));
  });

const MALFORMED = {
  'no sequence': '0c0161',
  'octets after it': '300000',
  'an attribute of three parts': '300f310d300b0603550403 0c0161 0500'.replaceAll(' ', ''),
  'text that is none': '300c310a300806035504030c0180',
};
for (const [what, hex] of Object.entries(MALFORMED))
  test(`a name with ${what} is refused`, () => assert.throws(() => readName(Buffer.from(hex, 'hex')), DerError));

/** RFC 4519 2, RFC 2985 5.4 and 5.2, by the short names that OpenSSL and Microsoft print. */
const TYPES: Readonly<Record<string, string>> = {
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
};
for (const [name, type] of Object.entries(TYPES))
  test(`${name} is the attribute ${type}`, () => {
    assert.deepEqual(
      readName(nameFromText(`${name}=x`)).map((rdn) => rdn.map((one) => one.type)),
      [[type]],
    );
    assert.equal(nameText(nameFromText(`${type}=x`)), `${name}=x`);
  });

test('a name has at most 8,192 octets', () => {
  const nameOf = (octets: number): Uint8Array => {
    const name = text('x'.repeat(octets - 21));
    assert.equal(name.length, octets);
    return name;
  };
  assert.equal(readName(nameOf(8192)).length, 1);
  assert.throws(() => readName(nameOf(8193)), { name: 'DerError', message: 'a name of 8193 octets' });
});

test('a value with 200,000 spaces is read in time, wherever they are', { timeout: 5_000 }, () => {
  const spaces = ' '.repeat(200_000);
  assert.equal(nameText(nameFromText(`CN=a${spaces}`)), 'CN=a');
  assert.equal(nameText(nameFromText(`${spaces}CN${spaces}=${spaces}a`)), 'CN=a');
  assert.ok(nameFromText(`CN=a${spaces}b`).length > 200_000);
});
