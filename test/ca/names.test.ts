/** Which names are certified, as literal octets: what not every reader of certificates understands is refused. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { encode, oid, sequence, setOf } from '../../src/asn1/writer.ts';
import type { Profile } from '../../src/ca/profile.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import type { Extension } from '../../src/core/request.ts';
import { certificateExtensions, readCertificate } from '../../src/pkix/certificate.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { authority, issue, issueFor, request } from './authority-under-test.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const utf32 = (...codes: number[]): Buffer =>
  Buffer.concat(codes.map((code) => Buffer.of(code >>> 24, code >> 16, code >> 8, code)));
const subject = (value: Uint8Array, type = '2.5.4.3'): Uint8Array => sequence(setOf(sequence(oid(type), value)));

type SubjectCase = [what: string, type: string, tag: number, content: Uint8Array, detail: string];
const CN = '2.5.4.3';
const REFUSED_SUBJECTS: readonly SubjectCase[] = [
  ['a line feed in a UTF8String', CN, 0x0c, latin1('a\n'), 'control characters in CN="a\\n"'],
  ['a NUL in a PrintableString', CN, 0x13, latin1('a\0b'), 'control characters in CN="a\\u0000b"'],
  ['a NUL in a NumericString', CN, 0x12, latin1('1\x002'), 'control characters in CN="1\\u00002"'],
  ['a NUL in an IA5String', CN, 0x16, latin1('a\0b'), 'control characters in CN="a\\u0000b"'],
  ['a NUL in a BMPString', CN, 0x1e, utf16('a\0'), 'control characters in CN="a\\u0000"'],
  ['a NUL in a UniversalString', CN, 0x1c, utf32(0x61, 0), 'control characters in CN="a\\u0000"'],
  ['a C1 control in a T61String', CN, 0x14, latin1('a\x9b'), 'control characters in CN="a\u009b"'],
  ['a C1 control in a UTF8String', CN, 0x0c, Buffer.from('a\u009b'), 'control characters in CN="a\u009b"'],
  ['letters in a NumericString', CN, 0x12, latin1('12a'), 'characters outside its type in CN="12a"'],
  ['an accent in a PrintableString', CN, 0x13, latin1('caf\xe9'), 'characters outside its type in CN="café"'],
  ['an accent in an IA5String', CN, 0x16, latin1('caf\xe9'), 'characters outside its type in CN="café"'],
  [
    'half a character in a BMPString',
    CN,
    0x1e,
    Buffer.of(0, 0x41, 0xd8, 0),
    'half a character (a lone surrogate) in CN="A\\ud800"',
  ],
  [
    'half a character in a UniversalString',
    CN,
    0x1c,
    utf32(0xdc00),
    'half a character (a lone surrogate) in CN="\\udc00"',
  ],
  ['no text', CN, 0x0c, Buffer.of(), 'no text in CN=""'],
  ['spaces alone', CN, 0x13, latin1('  '), 'no text in CN="  "'],
  ['1,025 characters', CN, 0x0c, Buffer.alloc(1025, 'x'), `more than 1024 characters in CN="${'x'.repeat(80)}"`],
  ['a country of four letters', '2.5.4.6', 0x13, latin1('USAX'), 'a country that is not two letters in C="USAX"'],
  ['a country of one letter', '2.5.4.6', 0x13, latin1('D'), 'a country that is not two letters in C="D"'],
  [
    'an attribute type with a number beyond 31 bits',
    '2.5.4.2147483648',
    0x0c,
    latin1('a'),
    'an attribute type with a number beyond 31 bits in 2.5.4.2147483648="a"',
  ],
  [
    'an attribute type whose first two numbers are one beyond 31 bits',
    '2.2147483568',
    0x0c,
    latin1('a'),
    'an attribute type with a number beyond 31 bits in 2.2147483568="a"',
  ],
];
/** Types that are no text in a Name: OpenSSL cannot load a certificate with some of them. */
const NO_TEXT: readonly [string, number, string][] = [
  ['GeneralString', 0x1b, '1b0161'],
  ['GraphicString', 0x19, '190161'],
  ['VideotexString', 0x15, '150161'],
  ['ObjectDescriptor', 0x07, '070161'],
  ['VisibleString', 0x1a, 'a'],
  ['OCTET STRING', 0x04, '040161'],
  ['INTEGER', 0x02, '020161'],
  ['SEQUENCE', 0x30, '300161'],
  ['[0]', 0x80, '800161'],
];

const refusesSubject = async (name: Uint8Array, detail: string): Promise<void> =>
  assert.rejects(issue({ subject: name }), { code: 'subject_refused', message: `the subject has ${detail}` });

for (const [what, type, tag, content, detail] of REFUSED_SUBJECTS)
  test(`Q06 a subject is refused, and the value named: ${what}`, () =>
    refusesSubject(subject(encode(tag, content), type), detail));
for (const [what, tag, shown] of NO_TEXT)
  test(`Q06 a subject is refused, and the value named: ${what}`, () => {
    const text = shown.length > 1 ? `#${shown}` : shown;
    const detail = `a type that is no DirectoryString, IA5String or NumericString in CN="${text}"`;
    return refusesSubject(subject(encode(tag, latin1('a'))), detail);
  });

/** What is certified in place of a value that some readers refuse: hexadecimal DER. */
const REWRITTEN: readonly [what: string, type: string, value: Uint8Array, written: string][] = [
  ['PrintableString with _', CN, encode(0x13, latin1('a_b')), '0c03615f62'],
  ['PrintableString with @ and *', CN, encode(0x13, latin1('*@b')), '0c032a4062'],
  ['PrintableString with &', '2.5.4.10', encode(0x13, latin1('A&B')), '0c03412642'],
  ['UniversalString', CN, encode(0x1c, utf32(0x6771)), '0c03e69db1'],
  ['BMPString with a character outside UCS-2', CN, encode(0x1e, utf16('😀')), '0c04f09f9880'],
  ['a country as UTF8String', '2.5.4.6', encode(0x0c, latin1('de')), '13026465'],
  ['a serial number as UTF8String', '2.5.4.5', encode(0x0c, latin1('9A')), '13023941'],
];
for (const [what, type, value, written] of REWRITTEN)
  test(`Q06 a value that some readers refuse keeps its text and gets another string type: ${what}`, async () => {
    const certificate = await issue({ subject: subject(value, type) });
    const expected = subject(Buffer.from(written, 'hex'), type);
    assert.deepEqual(Buffer.from(readCertificate(certificate.raw).subject), Buffer.from(expected));
  });

test('Q06 the attributes of an RDN are in the order of DER', async () => {
  const [a, b] = [sequence(oid(CN), encode(0x0c, latin1('a'))), sequence(oid(CN), encode(0x0c, latin1('b')))];
  const certificate = await issue({ subject: sequence(encode(0x31, b, a)) });
  assert.deepEqual(Buffer.from(readCertificate(certificate.raw).subject), Buffer.from(sequence(encode(0x31, a, b))));
});

test('Q06 a subject is refused that has the same attribute twice in one RDN', async () => {
  const cn = sequence(oid(CN), encode(0x0c, latin1('a')));
  const same = sequence(oid(CN), encode(0x13, latin1('a')));
  await Promise.all(
    [cn, same].map((twin) => refusesSubject(sequence(setOf(cn, twin)), 'the same attribute twice in one RDN')),
  );
});

for (const [what, value] of [
  ['digits in a NumericString', encode(0x12, latin1('12 34'))],
  ['1,024 characters', encode(0x0c, Buffer.alloc(1024, 'x'))],
  ['_ in an IA5String', encode(0x16, latin1('a_b'))],
] as const)
  test(`Q06 the subject is the request's, octet for octet: ${what}`, async () => {
    const certificate = await issue({ subject: subject(value) });
    assert.deepEqual(Buffer.from(readCertificate(certificate.raw).subject), Buffer.from(subject(value)));
  });

const EVERY: Pick<Profile, 'altNames'> = {
  altNames: ['dns', 'email', 'upn', 'uri', 'ip', 'directory', 'otherName', 'registeredId'],
};
const san = (...names: Uint8Array[]): Extension => ({ oid: '2.5.29.17', critical: false, value: sequence(...names) });
const other = (type: string, ...inner: Uint8Array[]): Uint8Array => encode(0xa0, oid(type), ...inner);
const UPN = '1.3.6.1.4.1.311.20.2.3';
const utf8 = (text: string): Uint8Array => encode(0x0c, Buffer.from(text));

const NO_HOST = 'has a text that is no host name';
const NO_MAIL = 'has a text that is no e-mail address';
const NO_URI = 'has a text that is no URI';
const named = (tag: number, kind: string, texts: readonly string[], fault: string): NameCase[] =>
  texts.map((text) => [
    encode(tag, latin1(text)),
    `the subjectAltName ${kind}:${JSON.stringify(text.slice(0, 80))} ${fault}`,
  ]);
type NameCase = [name: Uint8Array, message: string | RegExp];
const label64 = 'x'.repeat(64);
const REFUSED_NAMES: readonly NameCase[] = [
  ...named(
    0x82,
    'dns',
    [
      '',
      ' ',
      'a b',
      'a..b',
      '.',
      'a.',
      '.a',
      '*',
      '*a.b',
      'a.*.b',
      'caf\xe9',
      '-a',
      'a-',
      label64,
      `${'a.'.repeat(126)}ab`,
      'https://x',
    ],
    NO_HOST,
  ),
  ...named(0x82, 'dns', ['a\0b', 'a\n', 'a\x9b'], 'has control characters'),
  ...named(
    0x81,
    'email',
    ['', ' ', 'a', '@b', 'a@', 'a@b@c', 'a b@c', '<a@b>', '"x y"@b', 'caf\xe9@b', 'a@b..c', 'a@b(c)'],
    NO_MAIL,
  ),
  ...named(
    0x86,
    'uri',
    [
      '',
      ' ',
      'a',
      ':a',
      'a:',
      '1a:b',
      ' urn:a',
      'http://a b',
      'http://a/<b>',
      'http://a/%zz',
      'http://a..b',
      'http://a.',
      'http://a:x',
      'urn:caf\xe9',
      '//a',
      'http://[:::]/',
      'http://[1.2.3.4]/',
      'http://[a]/',
      'x://u@[12345::]:80',
    ],
    NO_URI,
  ),
  ...[0, 3, 5, 8, 15, 17, 32].map(
    (octets): NameCase => [
      encode(0x87, Buffer.alloc(octets, 1)),
      new RegExp(`^the subjectAltName ip:.* has ${octets} octets, and an IP address has 4 or 16$`),
    ],
  ),
  [encode(0xa4, sequence()), 'the subjectAltName directory:"" has a directoryName without attributes'],
  [
    encode(0xa4, subject(encode(0x12, latin1('a')))),
    'the subjectAltName directory:"CN=a" has characters outside its type in CN="a"',
  ],
  [
    encode(0xa4, subject(encode(0x13, latin1('a_')))),
    'the subjectAltName directory:"CN=a_" has a string type that not all readers understand',
  ],
  [encode(0xa4, subject(encode(0x0c, latin1('a\0')))), /control characters/],
  [encode(0x88, Buffer.of(0x80, 0x80)), 'the subjectAltName registeredId:"8080" has OBJECT IDENTIFIER arc not minimal'],
  [encode(0x88), 'the subjectAltName registeredId:"" has OBJECT IDENTIFIER of unusable length'],
  [encode(0xa3, utf8('a')), 'the profile does not allow the subjectAltName x400:"0c0161"'],
  [encode(0xa5, utf8('a')), 'the profile does not allow the subjectAltName ediParty:"0c0161"'],
  [other(UPN, encode(0xa0, utf8(''))), 'the subjectAltName upn:"" has no text'],
  [other(UPN, encode(0xa0, encode(0x1a, latin1('a')))), /upn:"a" has a type that is no DirectoryString/],
  [other(UPN, encode(0xa0, encode(0x1e, Buffer.of(0xd8, 0)))), /upn:"\\ud800" has half a character/],
  [other('1.2.3', encode(0xa0, sequence(Buffer.of(0x30, 5, 1)))), /otherName:"1\.2\.3" has length exceeds/],
];
for (const [name, message] of REFUSED_NAMES)
  test(`Q07 a name is refused that not every reader understands: ${Buffer.from(name).toString('hex').slice(0, 60)}, ${name.length} octets`, () =>
    assert.rejects(issue({ extensions: [san(name)] }, authority(EVERY)), { code: 'subject_refused', message }));

/** Only the first value would be seen by the policy and by the administrator who approves. */
const SECOND_VALUES: Readonly<Record<string, Uint8Array>> = {
  'in the same tag': other(UPN, encode(0xa0, utf8('alice@x'), utf8('admin@x'))),
  'in a second tag': other(UPN, encode(0xa0, utf8('alice@x')), encode(0xa0, utf8('admin@x'))),
  'after the tag': other(UPN, encode(0xa0, utf8('alice@x')), utf8('admin@x')),
  'of another type': other('1.2.3', encode(0xa0, utf8('alice@x'), utf8('admin@x'))),
};
for (const [where, name] of Object.entries(SECOND_VALUES))
  test(`Q07 an otherName with a second value ${where} is refused`, () =>
    assert.rejects(issue({ extensions: [san(name)] }, authority(EVERY)), {
      code: 'request_refused',
      message: /the requested extension 2\.5\.29\.17 is malformed: \d+ octets left/,
    }));

const CERTIFIED: readonly [string, Uint8Array][] = [
  ...['a', '*.example.com', 'xn--caf-dma.example', '10-0-0-1.local', 'DESKTOP_1.example.com'].map(
    (text): [string, Uint8Array] => [text, encode(0x82, latin1(text))],
  ),
  ...['a@b', "o'neil+x@mail.example.com", 'a@[10.0.0.1]'].map((text): [string, Uint8Array] => [
    text,
    encode(0x81, latin1(text)),
  ]),
  ...[
    'ID:Microsoft Endpoint Manager:GUID:0-1',
    'IntuneDeviceId://0_1',
    'http://a:80/b?c#d',
    'http://[::1]/',
    'http://u@[::ffff:10.0.0.1]:80/',
    'file:///a',
    'urn:uuid:0',
    'ldap:///CN=a,DC=b',
  ].map((text): [string, Uint8Array] => [text, encode(0x86, latin1(text))]),
  ['IPv4', encode(0x87, Buffer.alloc(4, 1))],
  ['IPv6', encode(0x87, Buffer.alloc(16, 1))],
  ['directoryName', encode(0xa4, nameFromText('CN=a,O=b'))],
  ['registeredID', encode(0x88, Buffer.of(0x2a, 3))],
  ['UPN as BMPString', other(UPN, encode(0xa0, encode(0x1e, utf16('a@b'))))],
  ['an otherName of elements', other('1.3.6.1.5.2.2', encode(0xa0, sequence(sequence(utf8('a')), utf8('b'))))],
];
for (const [what, name] of CERTIFIED)
  test(`Q07 a name is certified octet for octet: ${what}`, async () => {
    const certificate = await issue({ extensions: [san(name)] }, authority(EVERY));
    const extension = certificateExtensions(readCertificate(certificate.raw)).find(({ oid }) => oid === '2.5.29.17');
    assert.deepEqual(extension?.value, Buffer.from(sequence(name)));
  });

const SID_NAMES: Readonly<Record<string, Uint8Array>> = {
  'tag:microsoft.com%2C2022-09-14:sid:S-1-5': encode(0x86, latin1('tag:microsoft.com%2C2022-09-14:sid:S-1-5')),
  'tag:microsoft.com%252c2022-09-14:sid:S-1-5': encode(0x86, latin1('tag:microsoft.com%252c2022-09-14:sid:S-1-5')),
  'TAG:%20microsoft.com, 2022-09-14:SID:S-1-5': encode(0x86, latin1('TAG:%20microsoft.com, 2022-09-14:SID:S-1-5')),
  NTDS_OBJECTSID: other('1.3.6.1.4.1.311.25.2.1', encode(0xa0, encode(4, latin1('S-1-5')))),
  NTDS_CA_SECURITY_EXT: other('1.3.6.1.4.1.311.25.2', encode(0xa0, encode(4, latin1('S-1-5')))),
};
for (const [what, name] of Object.entries(SID_NAMES))
  test(`Q09 a name that means a SID is refused when the policy does not vouch for names: ${what}`, async () => {
    const csr = await request({ extensions: [san(name)] });
    const issuedTo = (vouchesForNames: boolean) =>
      issueFor(csr, authority(EVERY), undefined, { kind: 'allow', notify: 'none', vouchesForNames });
    await assert.rejects(issuedTo(false), { code: 'subject_refused', message: /names a SID/ });
    assert.ok(new X509Certificate(await issuedTo(true)));
  });

for (const uri of [' tag:microsoft.com,2022-09-14:sid:S-1-5', 'tag%3Amicrosoft.com,2022-09-14:sid:S-1-5'])
  test(`Q09 a text that could be read as the URI of a SID is no URI, whatever the policy says: ${JSON.stringify(uri)}`, () =>
    assert.rejects(issue({ extensions: [san(encode(0x86, latin1(uri)))] }, authority(DEFAULT_PROFILE)), {
      code: 'subject_refused',
      message: /no URI/,
    }));
