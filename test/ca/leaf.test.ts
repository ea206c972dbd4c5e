import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import * as pkijs from 'pkijs';
import { explicit, implicit, TAG } from '../../src/asn1/tags.ts';
import { DerError } from '../../src/asn1/limits.ts';
import {
  encode,
  ia5String,
  nullValue,
  octetString,
  oid,
  printableString,
  sequence,
  setOf,
  utf8String,
} from '../../src/asn1/writer.ts';
import type { Profile } from '../../src/ca/profile.ts';
import type { Extension } from '../../src/core/request.ts';
import { Refusal, type RefusalCode } from '../../src/core/errors.ts';
import { generateKey, softwareKey } from '../../src/keys/software.ts';
import { certificateExtensions, readCertificate } from '../../src/pkix/certificate.ts';
import {
  basicConstraints,
  extendedKeyUsage,
  type KeyUsage,
  keyUsage,
  readExtendedKeyUsage,
  readKeyUsage,
  subjectAltName,
} from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { EXTENDED_KEY_USAGES, OID } from '../../src/pkix/oids.ts';
import {
  type Asked,
  authority,
  deviceKey,
  issue,
  issueFor,
  opensslText,
  request,
  rsaKey,
} from './authority-under-test.ts';

const eku = (name: string): string => EXTENDED_KEY_USAGES[name]!;
const find = (certificate: X509Certificate, id: string): Extension | undefined =>
  certificateExtensions(readCertificate(certificate.raw)).find((extension) => extension.oid === id);
const oids = (certificate: X509Certificate): string[] =>
  certificateExtensions(readCertificate(certificate.raw)).map((extension) => extension.oid);
const refused = (asked: Asked, code: RefusalCode, text: RegExp, profile?: Partial<Profile>): Promise<void> =>
  assert.rejects(issue(asked, authority(profile)), (error) => {
    assert.ok(error instanceof Refusal, String(error));
    assert.deepEqual([error.code, text.test(error.message)], [code, true], error.message);
    return true;
  });

const CN = oid('2.5.4.3');
const attribute = (value: Uint8Array, type = CN): Uint8Array => sequence(type, value);
const rdn = (...attributes: Uint8Array[]): Uint8Array => setOf(...attributes);
const bmp = (text: string): Uint8Array => encode(TAG.bmpString, Buffer.from(text, 'utf16le').swap16());
const t61 = (text: string): Uint8Array => encode(TAG.t61String, Buffer.from(text, 'latin1'));

const SUBJECTS: readonly [string, Uint8Array][] = [
  ['several RDNs', nameFromText('CN=a,OU=one,OU=two,DC=example,DC=com')],
  ['several CNs', nameFromText('CN=a,CN=b,CN=c')],
  ['a multi-valued RDN', nameFromText('CN=a+serialNumber=1+E=a@example.com,O=x')],
  ['escaped characters', nameFromText(String.raw`CN=a\,b\+c\"d\#\;\<e\>\=\\,O=\ x\ `)],
  ['UTF8String', sequence(rdn(attribute(utf8String('Jürgen 東京 😀'))))],
  ['BMPString', sequence(rdn(attribute(bmp('Jürgen 東京'))))],
  ['T61String', sequence(rdn(attribute(t61('Jürgen'))))],
  ['emailAddress as IA5String', sequence(rdn(attribute(ia5String('a@example.com'), oid('1.2.840.113549.1.9.1'))))],
  ['unstructuredName of Cisco', nameFromText('unstructuredName=router.example.com,serialNumber=9ABC')],
  ['an unknown type', sequence(rdn(attribute(printableString('x'), oid('1.2.3.4.5'))))],
  ['a common name of 300 characters', nameFromText(`CN=${'x'.repeat(300)}`)],
  [
    'RDNs in another order than in our names',
    sequence(rdn(attribute(utf8String('first'))), rdn(attribute(printableString('DE'), oid('2.5.4.6')))),
  ],
];
for (const [name, subject] of SUBJECTS)
  test(`Q06 the subject is the request's, octet for octet: ${name}`, async () => {
    const certificate = await issue({ subject });
    assert.deepEqual(Buffer.from(readCertificate(certificate.raw).subject), Buffer.from(subject));
    const independent = pkijs.Certificate.fromBER(certificate.raw);
    assert.deepEqual(Buffer.from(independent.subject.valueBeforeDecode), Buffer.from(subject));
  });

const upn = generalNameFromText('upn:jürgen@example.com');
const SID_URI = 'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-512';
const NAMES: readonly [string, readonly Uint8Array[]][] = [
  ['UPN', [upn]],
  ['the SID URI of strong mapping', [generalNameFromText(SID_URI)]],
  [
    'a URI of Jamf and one of Intune',
    [generalNameFromText('uri:ID:JAMF:GUID:0-1'), generalNameFromText('uri:IntuneDeviceId://0-1')],
  ],
  ['UPN, e-mail, DNS and URI together', [upn, ...['email:a@b', 'dns:a.b', SID_URI].map(generalNameFromText)]],
  ['the same name twice', [generalNameFromText('dns:a'), generalNameFromText('dns:a')]],
  ['500 names', Array.from({ length: 500 }, (_, i) => generalNameFromText(`dns:host-${i}.example.com`))],
];
for (const [name, names] of NAMES)
  for (const critical of [false, true])
    test(`Q07 the subjectAltName is the request's, octet for octet: ${name}, requested ${critical ? '' : 'not '}critical`, async () => {
      const asked = subjectAltName(names, critical);
      const certificate = await issue({ extensions: [asked] });
      assert.deepEqual(find(certificate, OID.subjectAltName), {
        ...asked,
        value: Buffer.from(asked.value),
        critical: false,
      });
      const independent = pkijs.Certificate.fromBER(certificate.raw).extensions ?? [];
      const theirs = independent.find((extension) => extension.extnID === OID.subjectAltName);
      assert.deepEqual(Buffer.from(theirs!.extnValue.valueBlock.valueHexView), Buffer.from(asked.value));
      assert.equal((theirs!.parsedValue as pkijs.AltName).altNames.length, names.length);
    });

test('Q07 a SID URI is refused when the policy does not vouch for names', async () => {
  const sid = generalNameFromText('uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500');
  const csr = await request({ extensions: [subjectAltName([sid])] });
  const shared = { kind: 'allow', notify: 'none' } as const;
  await assert.rejects(issueFor(csr, authority(), undefined, shared), {
    code: 'subject_refused',
    message: /names a SID/,
  });
  assert.ok(await issueFor(csr, authority(), undefined, { ...shared, vouchesForNames: true }));
});

/** URIs, and how node:crypto shows them. */
const OTHER_URIS: Readonly<Record<string, string>> = {
  'urn:uuid:0-1': 'URI:urn:uuid:0-1',
  'tag:microsoft.com,2022-09-14:other': 'URI:"tag:microsoft.com\\u002c2022-09-14:other"',
  'x:tag:microsoft.com,2022-09-14:sid:S-1-5': 'URI:"x:tag:microsoft.com\\u002c2022-09-14:sid:S-1-5"',
};
for (const [uri, shown] of Object.entries(OTHER_URIS))
  test(`Q07 a URI that names no SID needs no voucher: ${uri}`, async () => {
    const csr = await request({ extensions: [subjectAltName([generalNameFromText(`uri:${uri}`)])] });
    const der = await issueFor(csr, authority(), undefined, { kind: 'allow', notify: 'none' });
    assert.equal(new X509Certificate(der).subjectAltName, shown);
  });

test('Q05 an empty subject with a UPN makes the subjectAltName critical', async () => {
  const certificate = await issue({ subject: '', extensions: [subjectAltName([upn], false)] });
  assert.equal(find(certificate, OID.subjectAltName)?.critical, true);
  const text = opensslText(certificate.raw);
  if (text) assert.match(text, /Subject Alternative Name: critical/);
});

test('Q05 an empty subject without subjectAltName is refused', () =>
  refused({ subject: '' }, 'subject_refused', /neither a subject nor/));

const otherName = (type: string, value: Uint8Array): Uint8Array =>
  encode(explicit(0), oid(type), encode(explicit(0), value));
const directory = encode(explicit(4), nameFromText('CN=administrator'));
const UNLISTED: readonly [string, Uint8Array][] = [
  ['ip', generalNameFromText('ip:10.0.0.1')],
  ['directory', directory],
  ['otherName', otherName('1.3.6.1.5.5.7.8.3', utf8String('permanentIdentifier'))],
  ['registeredId', encode(implicit(8), Buffer.from('2a0304', 'hex'))],
  ['otherName', otherName('1.3.6.1.4.1.311.25.2.1', octetString(Buffer.from('S-1-5-21-1-2-3-500')))],
];
for (const [type, name] of UNLISTED) {
  const extensions = [subjectAltName([generalNameFromText('dns:a'), name])];
  test(`Q07 a subjectAltName that the profile does not list is refused: ${type}`, () =>
    refused({ extensions }, 'subject_refused', new RegExp(`does not allow the subjectAltName ${type}:`)));
  test(`Q07 a subjectAltName that the profile lists is issued: ${type}`, async () => {
    const by = authority({ altNames: ['dns', 'ip', 'directory', 'otherName', 'registeredId'] });
    assert.deepEqual(
      find(await issue({ extensions }, by), OID.subjectAltName)?.value,
      Buffer.from(extensions[0]!.value),
    );
  });
}

test('Q07 a profile that lists otherName does not thereby list UPN', () =>
  refused({ extensions: [subjectAltName([upn])] }, 'subject_refused', /upn:/, { altNames: ['otherName'] }));

const nul = encode(implicit(2), Buffer.from('good.example\0.evil.example'));
test('Q07 a NUL in a name is refused', () =>
  refused({ extensions: [subjectAltName([nul])] }, 'subject_refused', /control characters/));

const raw = (id: string, value: Uint8Array): Extension => ({ oid: id, critical: false, value });
const MALFORMED: readonly [string, Extension][] = [
  ['a subjectAltName without names', raw(OID.subjectAltName, sequence())],
  ['a subjectAltName that is no SEQUENCE', raw(OID.subjectAltName, nullValue)],
  ['a subjectAltName with octets after it', raw(OID.subjectAltName, Buffer.concat([sequence(upn), nullValue]))],
  ['a subjectAltName of universal tags', raw(OID.subjectAltName, sequence(utf8String('a')))],
  ['a UPN that is cut off', raw(OID.subjectAltName, sequence(encode(explicit(0), oid(OID.userPrincipalName))))],
  ['a key usage that is no BIT STRING', raw(OID.keyUsage, nullValue)],
  ['an extended key usage of strings', raw(OID.extendedKeyUsage, sequence(utf8String('clientAuth')))],
];
for (const [name, extension] of MALFORMED)
  test(`refuses ${name}`, () =>
    refused({ extensions: [extension] }, 'request_refused', new RegExp(`extension ${extension.oid} is malformed`)));

test('a subjectAltName twice is refused before any profile sees it', async () => {
  const twice = [subjectAltName([upn]), subjectAltName([generalNameFromText('dns:a')])];
  await assert.rejects(request({ extensions: twice }), DerError);
});

for (const subject of [sequence(setOf()), sequence(setOf(), rdn(attribute(utf8String('a'))))])
  test(`a subject with an empty RDN is refused: ${Buffer.from(subject).toString('hex')}`, () =>
    refused({ subject }, 'subject_refused', /empty RDN/));

const SID = raw(
  OID.microsoftSid,
  sequence(otherName('1.3.6.1.4.1.311.25.2.1', octetString(Buffer.from('S-1-5-21-1-2-3-500')))),
);
const NEVER: readonly [string, Extension][] = [
  ['Q08 basicConstraints CA:TRUE', basicConstraints(true)],
  ['Q09 the SID extension', SID],
  ['Q10 a template name as BMPString', raw('1.3.6.1.4.1.311.20.2', bmp('DomainController'))],
  ['Q10 a template name as UTF8String', raw('1.3.6.1.4.1.311.20.2', utf8String('SubCA'))],
  ['Q10 a template OID', raw('1.3.6.1.4.1.311.21.7', sequence(oid('1.3.6.1.4.1.311.21.8.1')))],
  ['an unknown critical extension', { oid: '1.2.3.4', critical: true, value: nullValue }],
  ['name constraints', raw('2.5.29.30', sequence())],
  ['application policies', raw('1.3.6.1.4.1.311.21.10', sequence(sequence(oid(eku('smartcardLogon')))))],
  ['another subjectKeyIdentifier', raw(OID.subjectKeyIdentifier, octetString(Buffer.from('another')))],
  ['another authorityKeyIdentifier', raw(OID.authorityKeyIdentifier, sequence(encode(implicit(0), Buffer.from('x'))))],
];
for (const [name, extension] of NEVER)
  test(`${name} is requested and leaves no trace`, async () => {
    const asked = await issue({ extensions: [extension] });
    const plain = await issue({});
    assert.deepEqual(
      certificateExtensions(readCertificate(asked.raw)),
      certificateExtensions(readCertificate(plain.raw)),
    );
    assert.equal(asked.ca, false);
  });

for (const vouchesForNames of [true, false])
  test(`Q09 the SID extension is left out where the policy ${vouchesForNames ? 'vouches' : 'does not vouch'} for names`, async () => {
    // Written by hand: szOID_NTDS_CA_SECURITY_EXT with the SID of an administrator (KB5014754).
    const name = 'a022060a2b060104018237190201a0140412532d312d352d32312d312d322d332d353030';
    const value = Buffer.from(`3024${name}`, 'hex');
    const csr = await request({ extensions: [{ oid: '1.3.6.1.4.1.311.25.2', critical: false, value }] });
    const decision = { kind: 'allow', notify: 'none', vouchesForNames } as const;
    const der = await issueFor(csr, authority(), undefined, decision);
    const { extensions = [] } = pkijs.Certificate.fromBER(der);
    assert.deepEqual(extensions.map(({ extnID }) => extnID).toSorted(), [
      '2.5.29.14',
      '2.5.29.15',
      '2.5.29.19',
      '2.5.29.35',
      '2.5.29.37',
    ]);
    assert.ok(!Buffer.from(der).includes('S-1-5-21'));
  });

test('a certificate has these extensions and no others', async () => {
  assert.deepEqual(oids(await issue({ extensions: [subjectAltName([upn])] })).toSorted(), [
    OID.subjectKeyIdentifier,
    OID.keyUsage,
    OID.subjectAltName,
    OID.basicConstraints,
    OID.authorityKeyIdentifier,
    OID.extendedKeyUsage,
  ]);
});

test('where to find the CRL, OCSP and the issuing certificate, when the profile has them', async (t) => {
  const certificate = await issue(
    {},
    authority({
      crl: ['http://pki.example.com/a.crl'],
      authorityInfoAccess: { ocsp: ['http://ocsp.example.com'], caIssuers: ['http://pki.example.com/a.cer'] },
    }),
  );
  assert.equal(
    certificate.infoAccess,
    'OCSP - URI:http://ocsp.example.com\nCA Issuers - URI:http://pki.example.com/a.cer',
  );
  const text = opensslText(certificate.raw);
  if (!text) return t.skip('no openssl command');
  assert.match(text, /CRL Distribution Points: *\s+Full Name:\s+URI:http:\/\/pki\.example\.com\/a\.crl/);
});

for (const [access, written] of [
  [{ ocsp: ['http://ocsp.example.com'] }, 'OCSP - URI:http://ocsp.example.com'],
  [{ caIssuers: ['http://pki.example.com/a.cer'] }, 'CA Issuers - URI:http://pki.example.com/a.cer'],
  [{ ocsp: [], caIssuers: [] }, undefined],
] as const)
  test(`authorityInfoAccess of ${JSON.stringify(access)}`, async () =>
    assert.equal((await issue({}, authority({ authorityInfoAccess: access }))).infoAccess, written));

const DS = 'digitalSignature';
const KE = 'keyEncipherment';
const DE = 'dataEncipherment';
const NR = 'nonRepudiation';
const AGREEING: readonly KeyUsage[] = ['keyAgreement', 'encipherOnly', 'decipherOnly'];
const BOTH: readonly KeyUsage[] = [DS, KE];
type UsageCase = {
  name: string;
  key: typeof rsaKey;
  asked?: readonly KeyUsage[];
  profile?: readonly KeyUsage[];
  get: readonly KeyUsage[];
};
const USAGES: readonly UsageCase[] = [
  { name: 'none: the default', key: rsaKey, get: BOTH },
  { name: 'none, EC key: what the key can do of the default', key: deviceKey, get: [DS] },
  { name: '0x80', key: rsaKey, asked: [DS], get: [DS] },
  { name: '0x20', key: rsaKey, asked: [KE], get: [KE] },
  { name: '0xA0', key: rsaKey, asked: BOTH, get: BOTH },
  { name: '0xA0, EC key', key: deviceKey, asked: BOTH, get: [DS] },
  { name: 'also keyCertSign', key: rsaKey, asked: [DS, 'keyCertSign', 'cRLSign'], get: [DS] },
  { name: 'more than the profile', key: rsaKey, asked: [DS, KE, 'dataEncipherment'], profile: [DS], get: [DS] },
  {
    name: 'keyAgreement, EC key',
    key: deviceKey,
    asked: ['keyAgreement'],
    profile: [DS, 'keyAgreement'],
    get: ['keyAgreement'],
  },
  { name: 'dataEncipherment, RSA key', key: rsaKey, asked: [DE], profile: [DS, DE], get: [DE] },
  { name: 'dataEncipherment, EC key', key: deviceKey, asked: [DS, DE], profile: [DS, DE], get: [DS] },
  { name: 'nonRepudiation, EC key', key: deviceKey, asked: [NR], profile: [DS, NR], get: [NR] },
  { name: 'nonRepudiation, RSA key', key: rsaKey, asked: [NR], profile: [DS, NR], get: [NR] },
  { name: 'what only EC keys can do, EC key', key: deviceKey, asked: AGREEING, profile: AGREEING, get: AGREEING },
  { name: 'what only EC keys can do, RSA key', key: rsaKey, asked: AGREEING, profile: AGREEING, get: [] },
  { name: 'none allowed', key: rsaKey, asked: ['keyCertSign'], get: [] },
  { name: 'nothing that an EC key can do', key: deviceKey, asked: [KE], get: [] },
  { name: 'no bits at all', key: rsaKey, asked: [], get: [] },
];
for (const { name, key, asked, profile, get } of USAGES)
  test(`Q11 key usage ${name}`, async () => {
    const enrolment = { key, extensions: asked ? [keyUsage(asked)] : [] };
    const rules = profile ? { keyUsage: profile } : {};
    if (get.length === 0) return refused(enrolment, 'request_refused', /key usage/, rules);
    const extension = find(await issue(enrolment, authority(rules)), OID.keyUsage);
    assert.deepEqual([extension?.critical, readKeyUsage(extension!.value)], [true, get]);
  });

const CLIENT = eku('clientAuth');
const PURPOSES: readonly [string, readonly string[], readonly string[], readonly string[]][] = [
  ['none: the default', [], [CLIENT], [CLIENT]],
  ['what the profile lists', [CLIENT], [CLIENT, eku('emailProtection')], [CLIENT]],
  [
    'a private OID that the profile lists',
    ['1.3.6.1.4.1.99999.1'],
    [CLIENT, '1.3.6.1.4.1.99999.1'],
    ['1.3.6.1.4.1.99999.1'],
  ],
  ['the same twice', [CLIENT, CLIENT], [CLIENT], [CLIENT]],
  ['Q08 OCSPSigning beside clientAuth', [CLIENT, eku('ocspSigning')], [CLIENT], [CLIENT]],
  ['Q08 smartcardLogon', [eku('smartcardLogon'), CLIENT], [CLIENT], [CLIENT]],
  [
    'anyExtendedKeyUsage that the profile lists',
    [eku('anyExtendedKeyUsage')],
    [CLIENT, eku('anyExtendedKeyUsage')],
    [eku('anyExtendedKeyUsage')],
  ],
  [
    'smartcardLogon that the profile lists',
    [eku('smartcardLogon'), CLIENT],
    [CLIENT, eku('smartcardLogon')],
    [eku('smartcardLogon'), CLIENT],
  ],
];
for (const [name, asked, profile, get] of PURPOSES)
  test(`${name}: extended key usage`, async () => {
    const extensions = asked.length ? [extendedKeyUsage(asked)] : [];
    const certificate = await issue({ extensions }, authority({ extendedKeyUsage: profile }));
    assert.deepEqual(readExtendedKeyUsage(find(certificate, OID.extendedKeyUsage)!.value), get);
    assert.deepEqual(certificate.keyUsage, get);
  });

/** By OID, RFC 5280 4.2.1.12: what is asked and not listed is never granted, alone or beside what is listed. */
const NOT_GRANTED: Readonly<Record<string, string>> = {
  'OCSP signing': '1.3.6.1.5.5.7.3.9',
  'any purpose': '2.5.29.37.0',
  'server authentication': '1.3.6.1.5.5.7.3.1',
  'smart card logon': '1.3.6.1.4.1.311.20.2.2',
  'enrolment agent': '1.3.6.1.4.1.311.20.2.1',
};
for (const [what, purpose] of Object.entries(NOT_GRANTED))
  test(`Q08 ${what} is not granted because it was asked`, async () => {
    for (const asked of [
      [purpose, '1.3.6.1.5.5.7.3.2'],
      ['1.3.6.1.5.5.7.3.2', purpose],
    ])
      assert.deepEqual((await issue({ extensions: [extendedKeyUsage(asked)] })).keyUsage, ['1.3.6.1.5.5.7.3.2']);
    await refused({ extensions: [extendedKeyUsage([purpose])] }, 'request_refused', /the profile allows none of them$/);
  });

test('Q08 a request for other purposes than those of the profile gets none that it did not ask for', () =>
  refused(
    { extensions: [extendedKeyUsage(['1.3.6.1.5.5.7.3.1', '1.3.6.1.4.1.311.10.3.12'])] },
    'request_refused',
    /^extended key usage 1\.3\.6\.1\.5\.5\.7\.3\.1, 1\.3\.6\.1\.4\.1\.311\.10\.3\.12: the profile allows none of them$/,
    { extendedKeyUsage: ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.4'] },
  ));

test('Q08 a policy that vouches for the purposes gets all of them or none', async () => {
  const vouched = { kind: 'allow', notify: 'none', vouchesForPurposes: true } as const;
  const issuedFor = async (...oids: string[]) =>
    issueFor(await request({ extensions: [extendedKeyUsage(oids)] }), authority(), undefined, vouched);
  await assert.rejects(issuedFor('1.3.6.1.5.5.7.3.2', '1.3.6.1.4.1.311.10.3.12'), {
    code: 'request_refused',
    message: 'extended key usage 1.3.6.1.4.1.311.10.3.12: the policy allowed it, the profile does not',
  });
  assert.deepEqual(new X509Certificate(await issuedFor('1.3.6.1.5.5.7.3.2')).keyUsage, ['1.3.6.1.5.5.7.3.2']);
});

const rsa1024 = () => softwareKey(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey);
test('Q13 RSA-1024 is refused', () =>
  refused({ key: rsa1024() }, 'algorithm_refused', /1024 bits; the profile demands 2048/));
test('Q13 RSA-1024 is certified when the profile allows it', async () => {
  const certificate = await issue({ key: rsa1024() }, authority({ minRsaBits: 1024 }));
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 1024);
});
test('RSA-2048 is refused when the profile demands more', () =>
  refused({ key: rsaKey }, 'algorithm_refused', /2048 bits; the profile demands 3072/, { minRsaBits: 3072 }));
const p521 = softwareKey(generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey);
for (const [name, key] of [
  ['RSA-2048', rsaKey],
  ['P-256', deviceKey],
  ['P-384', generateKey('p384')],
  ['P-521', p521],
] as const)
  test(`Q13 ${name} is certified as it is`, async () => {
    const certificate = await issue({ key });
    assert.deepEqual(certificate.publicKey.export({ format: 'der', type: 'spki' }), key.spki);
  });

test('Q13 Ed25519 is refused', async () => {
  const csr = { ...(await request({})), key: { type: 'ed25519', bits: 256 } } as const;
  await assert.rejects(
    issueFor(csr, authority()),
    (error) => error instanceof Refusal && error.code === 'algorithm_refused',
  );
});

const EVERY_OPTION: Partial<Profile> = {
  keys: ['p256'],
  maxRsaBits: 4096,
  defaultKeyUsage: ['digitalSignature'],
  extendedKeyUsage: [eku('clientAuth'), eku('emailProtection')],
  defaultExtendedKeyUsage: [eku('emailProtection')],
  subject: { require: ['CN'], values: { CN: 'd*' }, maxLength: 64, append: 'O=Contoso,C=DE' },
  crl: ['http://pki.example.com/a.crl'],
  authorityInfoAccess: { ocsp: ['http://pki.example.com/ocsp'], caIssuers: ['http://pki.example.com/a.cer'] },
  sid: 'uri',
  policies: [{ oid: '1.2.3', cps: 'http://pki.example.com/cps' }, { oid: '1.2.4' }],
  template: { oid: '1.3.6.1.4.1.311.21.8.1', major: 100, minor: 3 },
  tlsFeatures: ['statusRequest'],
  directoryAttributes: { dateOfBirth: '1990-12-31', gender: 'F', placeOfBirth: 'Köln', countryOfResidence: 'DE' },
  extensions: [{ oid: '1.2.3.4', critical: false, value: Uint8Array.of(5, 0) }],
};
test('a certificate with every option of a profile is accepted by three readers', async () => {
  const extensions = [subjectAltName([generalNameFromText(SID_URI)])];
  const certificate = await issue({ extensions }, authority(EVERY_OPTION));
  assert.deepEqual(certificate.keyUsage, [eku('emailProtection')]);
  assert.deepEqual(oids(certificate), [
    '2.5.29.19',
    '2.5.29.35',
    '2.5.29.31',
    '1.3.6.1.5.5.7.1.1',
    '2.5.29.32',
    '1.3.6.1.4.1.311.21.7',
    '1.3.6.1.5.5.7.1.24',
    '2.5.29.9',
    '1.2.3.4',
    '2.5.29.15',
    '2.5.29.37',
    '2.5.29.14',
    '2.5.29.17',
    '1.3.6.1.4.1.311.25.2',
  ]);
  const text = opensslText(certificate.raw);
  if (text) assert.match(text, /Policy: 1\.2\.3\n\s+CPS: http:\/\/pki\.example\.com\/cps\n\s+Policy: 1\.2\.4/);
  if (text) assert.match(text, /TLS Feature: \n\s+status_request/);
});
