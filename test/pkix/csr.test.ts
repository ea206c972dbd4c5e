import assert from 'node:assert/strict';
import { createHash, createPublicKey, privateEncrypt, sign, verify } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { encode, nullValue, octetString, oid, sequence, setOf, smallInteger } from '../../src/asn1/writer.ts';
import type { Extension } from '../../src/core/request.ts';
import { generateKey, KEY_CHOICES, type SoftwareKey } from '../../src/keys/software.ts';
import { provesPossession, readCertificationRequest, writeCertificationRequest } from '../../src/pkix/csr.ts';
import { extendedKeyUsage, keyUsage, subjectAltName, writeExtension } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { OID } from '../../src/pkix/oids.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { openssl, withoutOpenssl } from './openssl.ts';

type Vector = {
  why: string;
  csr: string;
  expect:
    | { error: string }
    | { subject: string; key: string; challenge: string | null; extensions: string[]; proven: boolean };
};

/** The cases that a group of vectors covers. */
const CASES: Readonly<Record<string, string>> = {
  challenge: 'Q01 ',
  attributes: 'Q12 ',
  extension: 'Q12 ',
};

const VECTORS = join(import.meta.dirname, '..', 'vectors', 'csr');
for (const file of globSync('*.json', { cwd: VECTORS }).sort()) {
  const { why, csr, expect } = JSON.parse(readFileSync(join(VECTORS, file), 'utf8')) as Vector;
  const der = Buffer.from(csr, 'base64');
  test(`${CASES[file.split('-')[0]!] ?? ''}${basename(file, '.json')}: ${why}`, () => {
    if ('error' in expect) {
      assert.throws(
        () => readCertificationRequest(der),
        (error) => error instanceof DerError && error.message.includes(expect.error),
      );
      return;
    }
    const request = readCertificationRequest(der);
    const { subjectText: subject, key, challenge = null, extensions } = request;
    const proven = provesPossession(request, readPublicKey(request.spki));
    const actual = {
      subject,
      key: `${key.type}/${key.bits}`,
      challenge,
      extensions: extensions.map(({ oid }) => oid),
      proven,
    };
    assert.deepEqual(actual, expect);
    assert.ok(der.subarray(0, request.der.length).equals(request.der), 'the request is kept as received');
  });
}

const PLAN = {
  subject: nameFromText('CN=device\\, 1,O=Müller & Söhne,C=DE'),
  challenge: 'A1B2C3D4',
  extensions: [
    keyUsage(['digitalSignature', 'keyEncipherment']),
    extendedKeyUsage(['1.3.6.1.5.5.7.3.2']),
    subjectAltName(['dns:device-1.example.com', 'upn:ada@example.com', 'ip:2001:db8::1'].map(generalNameFromText)),
  ],
};

for (const choice of KEY_CHOICES) {
  test(`a request that is written reads back, and proves possession: ${choice}`, async () => {
    const key = generateKey(choice);
    const request = readCertificationRequest(await writeCertificationRequest(PLAN, key));
    assert.equal(request.subjectText, 'CN=device\\, 1,O=Müller & Söhne,C=DE');
    assert.equal(request.challenge, PLAN.challenge);
    assert.deepEqual(request.key, key.kind);
    assert.deepEqual(
      request.extensions.map(({ oid, critical, value }) => ({ oid, critical, value: Buffer.from(value) })),
      PLAN.extensions.map(({ oid, critical, value }) => ({ oid, critical, value: Buffer.from(value) })),
    );
    assert.ok(provesPossession(request, readPublicKey(request.spki)));
    assert.ok(!provesPossession(request, readPublicKey(generateKey('p256').spki)));
  });
}

for (const choice of ['rsa-2048', 'p256', 'p384'] as const)
  test(`openssl verifies and prints a request that is written: ${choice}`, { skip: withoutOpenssl }, async () => {
    const der = await writeCertificationRequest(PLAN, generateKey(choice));
    const text = openssl(['req', '-inform', 'DER', '-verify', '-noout', '-text', '-nameopt', 'RFC2253,-esc_msb'], der);
    for (const expected of [
      'Subject: CN=device\\, 1,O=Müller & Söhne,C=DE',
      'challengePassword        :A1B2C3D4',
      'Digital Signature, Key Encipherment',
      'TLS Web Client Authentication',
      'DNS:device-1.example.com',
      'IP Address:2001:DB8:0:0:0:0:0:1',
    ])
      assert.ok(text.includes(expected), `${expected}\n${text}`);
  });

test('a request without challenge and extensions has empty attributes', async () => {
  const der = await writeCertificationRequest({ subject: nameFromText('') }, generateKey('p256'));
  const { challenge, extensions, subjectText } = readCertificationRequest(der);
  assert.deepEqual({ challenge, extensions, subjectText }, { challenge: undefined, extensions: [], subjectText: '' });
  assert.ok(Buffer.from(der).includes(Buffer.from('a000', 'hex')), 'RFC 2986 4.1: attributes are not optional');
});

test('a challenge is PrintableString when its alphabet allows it, otherwise UTF8String', async () => {
  const key = generateKey('p256');
  const write = async (challenge: string) =>
    Buffer.from(await writeCertificationRequest({ subject: nameFromText(''), challenge }, key));
  assert.ok((await write('Aa0+/=')).includes(Buffer.from('\x13\x06Aa0+/=', 'latin1')));
  assert.ok((await write('a_b')).includes(Buffer.from('\x0c\x03a_b', 'latin1')));
});

test('the signature is verified over the received octets', async () => {
  const key = generateKey('p256');
  const received = new Uint8Array(await writeCertificationRequest(PLAN, key));
  const request = readCertificationRequest(received);
  assert.ok(verify('sha256', request.signed, createPublicKey(key.privateKey), request.signature));
  assert.equal(request.signed.buffer, received.buffer, 'a view, not a copy');
});

for (const part of ['subject', 'signature'] as const)
  test(`Q04 a request changed in its ${part} proves nothing`, async () => {
    const der = Buffer.from(await writeCertificationRequest(PLAN, generateKey('rsa-2048')));
    const octets = readCertificationRequest(der)[part];
    octets[octets.length - 1]! ^= 1;
    const request = readCertificationRequest(der);
    assert.ok(!provesPossession(request, readPublicKey(request.spki)));
  });

test('no two names in the table have the same OID', () => {
  assert.equal(new Set(Object.values(OID)).size, Object.values(OID).length);
});

/** A request whose every part is free; signed or not, as `signature` says. */
type Parts = { key: SoftwareKey; attributes?: readonly Uint8Array[]; algorithm: Uint8Array; signature: Uint8Array };
const unsigned = ({ key, attributes = [] }: Pick<Parts, 'key' | 'attributes'>): Uint8Array =>
  sequence(smallInteger(0), nameFromText('CN=device'), key.spki, encode(0xa0, ...attributes));
const requestOf = (parts: Parts): Uint8Array =>
  sequence(unsigned(parts), parts.algorithm, encode(0x03, Buffer.of(0), parts.signature));
const algorithm = (id: string, ...parameters: Uint8Array[]): Uint8Array => sequence(oid(id), ...parameters);

const rsa = generateKey('rsa-2048');
const ec = generateKey('p256');
const sha256By = (key: SoftwareKey): Uint8Array => sign('sha256', unsigned({ key }), key.privateKey);
/** RFC 8017 9.2 with the DigestInfo of MD5, which OpenSSL may refuse to sign. */
const md5ByRsa = (): Uint8Array => {
  const digest = createHash('md5')
    .update(unsigned({ key: rsa }))
    .digest();
  return privateEncrypt(rsa.privateKey, sequence(algorithm('1.2.840.113549.2.5', nullValue), octetString(digest)));
};
const SHA256_WITH_RSA = algorithm('1.2.840.113549.1.1.11', nullValue);
const ECDSA_WITH_SHA256 = algorithm('1.2.840.10045.4.3.2');

const PROOFS: Readonly<Record<string, [Parts, boolean]>> = {
  'sha256WithRSAEncryption by an RSA key': [{ key: rsa, algorithm: SHA256_WITH_RSA, signature: sha256By(rsa) }, true],
  'ecdsa-with-SHA256 by an EC key': [{ key: ec, algorithm: ECDSA_WITH_SHA256, signature: sha256By(ec) }, true],
  'an unknown algorithm': [{ key: rsa, algorithm: algorithm('1.2.3.4'), signature: sha256By(rsa) }, false],
  'an unknown algorithm, EC key': [{ key: ec, algorithm: algorithm('1.2.3.4'), signature: sha256By(ec) }, false],
  md5WithRSAEncryption: [
    {
      key: rsa,
      algorithm: algorithm('1.2.840.113549.1.1.4', nullValue),
      get signature() {
        return md5ByRsa();
      },
    },
    false,
  ],
  'rsaEncryption, which names no digest': [
    { key: rsa, algorithm: algorithm('1.2.840.113549.1.1.1', nullValue), signature: sha256By(rsa) },
    false,
  ],
  'the algorithm of RSA by an EC key': [{ key: ec, algorithm: SHA256_WITH_RSA, signature: sha256By(ec) }, false],
  'the algorithm of ECDSA by an RSA key': [{ key: rsa, algorithm: ECDSA_WITH_SHA256, signature: sha256By(rsa) }, false],
  'the algorithm of another digest': [
    { key: rsa, algorithm: algorithm('1.2.840.113549.1.1.13', nullValue), signature: sha256By(rsa) },
    false,
  ],
  'no signature': [{ key: rsa, algorithm: SHA256_WITH_RSA, signature: Buffer.alloc(0) }, false],
  'an unknown algorithm and no signature': [
    { key: rsa, algorithm: algorithm('1.2.3.4'), signature: Buffer.alloc(0) },
    false,
  ],
};
for (const [what, [parts, proves]] of Object.entries(PROOFS))
  test(`Q04 ${what} is ${proves ? 'a' : 'no'} proof of possession`, () => {
    const request = readCertificationRequest(requestOf(parts));
    assert.equal(provesPossession(request, readPublicKey(request.spki)), proves);
  });

const EXTENSION_REQUESTS = ['1.2.840.113549.1.9.14', '1.3.6.1.4.1.311.2.1.14'] as const;
const extensionsIn = (...lists: readonly (readonly [string, ...Extension[]])[]): string[] =>
  readCertificationRequest(
    requestOf({
      key: ec,
      attributes: lists.map(([type, ...extensions]) =>
        sequence(oid(type), setOf(sequence(...extensions.map(writeExtension)))),
      ),
      algorithm: ECDSA_WITH_SHA256,
      signature: Buffer.alloc(0),
    }),
  ).extensions.map(({ oid: id }) => id);
const KU = keyUsage(['digitalSignature']);
const EKU = extendedKeyUsage(['1.3.6.1.5.5.7.3.2']);
const SAN = subjectAltName([generalNameFromText('dns:a.example.com')]);

test('Q12 extension requests with different extensions are one list, under one OID or under both', () => {
  const [standard, microsoft] = EXTENSION_REQUESTS;
  assert.deepEqual(extensionsIn([standard, SAN], [standard, KU, EKU]), ['2.5.29.17', '2.5.29.15', '2.5.29.37']);
  assert.deepEqual(extensionsIn([microsoft, KU], [standard, SAN]), ['2.5.29.15', '2.5.29.17']);
  assert.deepEqual(extensionsIn([standard, SAN], [standard, KU], [standard, SAN]), ['2.5.29.17', '2.5.29.15']);
  assert.throws(() => extensionsIn([standard, SAN, KU], [standard, EKU, SAN]), /2\.5\.29\.17 is repeated/);
});

const challengeIn = (value: Uint8Array): string | undefined =>
  readCertificationRequest(
    requestOf({
      key: ec,
      attributes: [sequence(oid('1.2.840.113549.1.9.7'), setOf(value))],
      algorithm: ECDSA_WITH_SHA256,
      signature: Buffer.alloc(0),
    }),
  ).challenge;

/** The string types of X.680 8.4 by their tags, and octets of each. */
const CHALLENGES: Readonly<Record<string, [number, string, string]>> = {
  UTF8String: [0x0c, 'c3a97a39', 'éz9'],
  PrintableString: [0x13, '617a39', 'az9'],
  T61String: [0x14, 'e97a39', 'éz9'],
  IA5String: [0x16, '615f39', 'a_9'],
  VisibleString: [0x1a, '617e39', 'a~9'],
  UniversalString: [0x1c, '000000e90000007a0001f600', 'éz😀'],
  BMPString: [0x1e, '00e9007a0039', 'éz9'],
};
for (const [what, [tag, hex, challenge]] of Object.entries(CHALLENGES))
  test(`Q01 a challengePassword is read from a ${what}`, () =>
    assert.equal(challengeIn(encode(tag, Buffer.from(hex, 'hex'))), challenge));

test('a request has at most 131,072 octets', () => {
  const padding = (octets: number) => sequence(oid('1.2.3'), setOf(octetString(Buffer.alloc(octets))));
  const requestWith = (octets: number): Uint8Array =>
    requestOf({
      key: ec,
      attributes: [padding(octets)],
      algorithm: ECDSA_WITH_SHA256,
      signature: Buffer.alloc(0),
    });
  const most = 131_072 - (requestWith(130_000).length - 130_000);
  assert.equal(requestWith(most).length, 131_072);
  assert.equal(readCertificationRequest(requestWith(most)).subjectText, 'CN=device');
  assert.throws(() => readCertificationRequest(requestWith(most + 1)), {
    name: 'DerError',
    message: 'a certification request of 131073 octets',
  });
});
