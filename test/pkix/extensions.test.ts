import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { DerReader } from '../../src/asn1/reader.ts';
import { encode, sequence } from '../../src/asn1/writer.ts';
import * as extensions from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { EXTENDED_KEY_USAGES } from '../../src/pkix/oids.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const value = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Values as `openssl asn1parse` shows them in certificates that OpenSSL writes. */
const WRITTEN: ReadonlyArray<readonly [string, Uint8Array, string]> = [
  ['keyUsage of bits 0 and 2', extensions.keyUsage(['digitalSignature', 'keyEncipherment']).value, '030205a0'],
  ['keyUsage of bits 5 and 6', extensions.keyUsage(['cRLSign', 'keyCertSign']).value, '03020106'],
  ['keyUsage of bit 8', extensions.keyUsage(['decipherOnly']).value, '0303070080'],
  ['keyUsage of no bit', extensions.keyUsage([]).value, '030100'],
  ['extendedKeyUsage', extensions.extendedKeyUsage(['1.3.6.1.5.5.7.3.2']).value, '300a06082b06010505070302'],
  ['basicConstraints of an end entity', extensions.basicConstraints(false).value, '3000'],
  ['basicConstraints of a CA', extensions.basicConstraints(true).value, '30030101ff'],
  ['basicConstraints with a path length', extensions.basicConstraints(true, 0).value, '30060101ff020100'],
];
for (const [what, written, expected] of WRITTEN) test(`writes ${what}`, () => assert.equal(hex(written), expected));

test('written extensions read back', () => {
  const eku = Object.values(EXTENDED_KEY_USAGES);
  assert.deepEqual(extensions.readExtendedKeyUsage(extensions.extendedKeyUsage(eku).value), eku);
  assert.deepEqual(extensions.readKeyUsage(extensions.keyUsage(extensions.KEY_USAGES).value), extensions.KEY_USAGES);
  assert.deepEqual(extensions.readBasicConstraints(extensions.basicConstraints(true, 3).value), { ca: true });
  assert.deepEqual(extensions.readBasicConstraints(extensions.basicConstraints(false).value), { ca: false });
});

test('`critical` is written when true and left out when false', () => {
  const written = [true, false].map((critical) =>
    extensions.writeExtension({ oid: '2.5.29.15', critical, value: value('0500') }),
  );
  assert.deepEqual(written.map(hex), ['300c0603551d0f0101ff04020500', '30090603551d0f04020500']);
  assert.deepEqual(
    extensions.readExtensions(DerReader.over(sequence(written[0]!))).map(({ critical }) => critical),
    [true],
  );
});

/** Names as a user writes them, in a certificate, and in the log. */
const NAMES: ReadonlyArray<readonly [string, string, string, string]> = [
  ['dns:a.example', '82 09 612e6578616d706c65', 'dns', 'a.example'],
  ['email:a@b', '81 03 614062', 'email', 'a@b'],
  ['uri:ID:JAMF', '86 07 49443a4a414d46', 'uri', 'ID:JAMF'],
  ['ip:192.0.2.255', '87 04 c00002ff', 'ip', '192.0.2.255'],
  ['ip:2001:db8::1', '87 10 20010db8000000000000000000000001', 'ip', '2001:0db8:0000:0000:0000:0000:0000:0001'],
  ['ip:::', '87 10 00000000000000000000000000000000', 'ip', '0000:0000:0000:0000:0000:0000:0000:0000'],
  ['upn:ada@b', 'a0 15 060a2b060104018237140203 a007 0c05 6164614062', 'otherName', 'ada@b'],
];
for (const [text, der, type, shown] of NAMES)
  test(`Q07 general name ${text}`, () => {
    const written = generalNameFromText(text);
    assert.equal(hex(written), hex(value(der)));
    const [name] = extensions.readGeneralNames(extensions.subjectAltName([written]).value);
    assert.deepEqual(
      { type: name?.type, text: name?.text, der: hex(name!.der) },
      { type, text: shown, der: hex(written) },
    );
  });

test('Q07 kinds of names that are read but not written', () => {
  const directory = encode(0xa4, nameFromText('CN=a,O=b'));
  const other = encode(0xa0, value('06032a0304 a003 020105'));
  const registered = encode(0x88, value('2a03'));
  const party = encode(0xa5, value('a1 03 0c0161'));
  const mail = encode(0xa3, value('3000'));
  const names = extensions.readGeneralNames(sequence(directory, other, registered, party, mail));
  assert.deepEqual(
    names.map(({ type, text }) => [type, text]),
    [
      ['directory', 'CN=a,O=b'],
      ['otherName', '1.2.3.4'],
      ['registeredId', '2a03'],
      ['ediParty', 'a1030c0161'],
      ['x400', '3000'],
    ],
  );
});

const NO_NAMES = [
  'a.example',
  'dns:',
  'dns:é',
  'x:y',
  'ip:1.2.3',
  'ip:1.2.3.256',
  'ip:1::2::3',
  'ip:1:2:3',
  'ip:g::',
  'ip:12345::',
  'ip::',
];
for (const text of NO_NAMES)
  test(`"${text}" is no general name`, () => assert.throws(() => generalNameFromText(text), DerError));

const REFUSED: ReadonlyArray<readonly [string, () => unknown]> = [
  ['SubjectAltName without names', () => extensions.readGeneralNames(value('3000'))],
  ['SubjectAltName with octets after it', () => extensions.readGeneralNames(value('3003 820161 00'))],
  ['GeneralName of unknown tag', () => extensions.readGeneralNames(value('3003 890161'))],
  ['GeneralName of universal tag', () => extensions.readGeneralNames(value('3003 0c0161'))],
  ['dNSName in constructed form', () => extensions.readGeneralNames(value('3005 a203 160161'))],
  [
    'user principal name that is no text',
    () => extensions.readGeneralNames(value('3013 a011 060a2b060104018237140203 a003 020105')),
  ],
  [
    'extension given twice',
    () => extensions.readExtensions(DerReader.over(value('3012 30070603551d0f0400 30070603551d0f0400'))),
  ],
  [
    'extension with a fourth part',
    () => extensions.readExtensions(DerReader.over(value('300b 3009 0603551d0f 0400 0500'))),
  ],
  [
    'criticality that is not DER',
    () => extensions.readExtensions(DerReader.over(value('300c 300a 0603551d0f 010101 0400'))),
  ],
  ['keyUsage that is not a BIT STRING', () => extensions.readKeyUsage(value('0500'))],
  ['basicConstraints that is not a SEQUENCE', () => extensions.readBasicConstraints(value('0101ff'))],
];
for (const [what, read] of REFUSED) test(`refuses ${what}`, () => assert.throws(read, DerError));

test('a SubjectAltName has at most 2,048 names', () => {
  const names = (count: number): Uint8Array => sequence(...Array.from({ length: count }, () => value('820161')));
  assert.equal(extensions.readGeneralNames(names(2048)).length, 2048);
  assert.throws(() => extensions.readGeneralNames(names(2049)), DerError);
});
