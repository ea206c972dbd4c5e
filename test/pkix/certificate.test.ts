import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import type { KeyProvider } from '../../src/core/keys.ts';
import { generateKey, KEY_CHOICES } from '../../src/keys/software.ts';
import {
  certificateExtensions,
  certificateSignature,
  readCertificate,
  readValidity,
  serialText,
  thumbprint,
  writeCertificate,
} from '../../src/pkix/certificate.ts';
import * as extensions from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText, nameText } from '../../src/pkix/name.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { signatureIdentifier, verifySignature } from '../../src/pkix/signature.ts';
import { type Node, nodesOf, octetsOf } from '../kit/tree.ts';
import { openssl, withoutOpenssl } from './openssl.ts';

const plan = (key: KeyProvider) => ({
  serialNumber: Buffer.from('00c0ffee', 'hex'),
  issuer: nameFromText('CN=Issuing CA,O=Example,C=DE'),
  subject: nameFromText('CN=device-1+serialNumber=4711,OU=a\\,b,O=Müller'),
  notBefore: new Date('2026-01-02T03:04:05Z'),
  notAfter: new Date('2051-01-02T03:04:05Z'),
  spki: key.spki,
  extensions: [
    extensions.basicConstraints(true, 0),
    extensions.keyUsage(['keyCertSign', 'cRLSign']),
    extensions.subjectKeyIdentifier(key.spki),
    extensions.authorityKeyIdentifier(extensions.keyIdentifier(key.spki)),
    extensions.crlDistributionPoint(['http://example.com/a.crl', 'http://example.org/a.crl']),
    extensions.subjectAltName(
      ['dns:a.example', 'email:a@b.example', 'uri:urn:x', 'ip:192.0.2.1'].map(generalNameFromText),
    ),
  ],
});

for (const choice of KEY_CHOICES)
  test(`node:crypto reads and verifies a certificate that is written: ${choice}`, async () => {
    const key = generateKey(choice);
    const der = await writeCertificate(plan(key), key);
    const certificate = new X509Certificate(der);
    assert.ok(certificate.verify(certificate.publicKey));
    assert.equal(certificate.serialNumber, 'C0FFEE');
    assert.equal(certificate.ca, true);
    assert.equal(certificate.validFromDate.toISOString(), '2026-01-02T03:04:05.000Z');
    assert.equal(certificate.validToDate.toISOString(), '2051-01-02T03:04:05.000Z');
    assert.equal(certificate.subjectAltName, 'DNS:a.example, email:a@b.example, URI:urn:x, IP Address:192.0.2.1');
    assert.equal(certificate.fingerprint.replaceAll(':', ''), thumbprint(der));
  });

test('a certificate that is written reads back', async () => {
  const key = generateKey('p384');
  const expected = plan(key);
  const view = readCertificate(await writeCertificate(expected, key));
  assert.equal(serialText(view.serialNumber), 'c0ffee');
  assert.deepEqual(
    [view.issuer, view.subject, view.spki].map((der) => Buffer.from(der)),
    [expected.issuer, expected.subject, expected.spki].map((der) => Buffer.from(der)),
  );
  assert.deepEqual(readValidity(view), { notBefore: expected.notBefore, notAfter: expected.notAfter });
  assert.deepEqual(
    certificateExtensions(view).map(({ oid }) => oid),
    expected.extensions.map(({ oid }) => oid),
  );
  const { algorithm, signature } = certificateSignature(view);
  assert.deepEqual(algorithm, { digest: 'sha384', type: 'ec' });
  const { key: publicKey } = readPublicKey(view.spki);
  assert.ok(verifySignature({ algorithm, key: publicKey, data: view.tbs, signature }));
  assert.ok(!verifySignature({ algorithm, key: publicKey, data: view.der, signature }));
});

test('openssl prints the same subject, issuer and serial number', { skip: withoutOpenssl }, async () => {
  const key = generateKey('p256');
  const view = readCertificate(await writeCertificate(plan(key), key));
  const printed = openssl(
    ['x509', '-inform', 'DER', '-noout', '-subject', '-issuer', '-serial', '-nameopt', 'RFC2253,-esc_msb'],
    view.der,
  );
  assert.deepEqual(printed.trim().split('\n'), [
    // openssl also reverses the order within an RDN, which RFC 4514 does not define.
    'subject=CN=device-1+serialNumber=4711,OU=a\\,b,O=Müller',
    `issuer=${nameText(view.issuer)}`,
    'serial=C0FFEE',
  ]);
  assert.equal(nameText(view.subject), 'serialNumber=4711+CN=device-1,OU=a\\,b,O=Müller');
});

test('a certificate without extensions has no extensions element', async () => {
  const key = generateKey('p256');
  const view = readCertificate(await writeCertificate({ ...plan(key), extensions: [] }, key));
  assert.equal(view.extensions, undefined);
  assert.deepEqual(certificateExtensions(view), []);
});

/** P13: clients choose any serial number for their own certificates. */
const SERIALS = {
  '00': '00',
  '01': '01',
  '00ff': 'ff',
  ff: 'ff',
  '000000': '00',
  '0000a0': 'a0',
  '7fffffffffffffffff': '7fffffffffffffffff',
};
for (const [content, text] of Object.entries(SERIALS))
  test(`P13 serial number ${content} is named ${text}`, () =>
    assert.equal(serialText(Buffer.from(content, 'hex')), text));

test('octets after a certificate are refused', async () => {
  const key = generateKey('p256');
  const der = await writeCertificate(plan(key), key);
  assert.throws(() => readCertificate(Buffer.concat([der, Buffer.of(0)])), DerError);
});

const SHA_384 = signatureIdentifier({ type: 'ec', bits: 256 }, 'sha384');
/** Each changes a certificate outside its signed part, so that its signature is still right. */
const OUTSIDE: Readonly<Record<string, (parts: Node[]) => void>> = {
  'another signature algorithm than the signed part': (parts) => parts.splice(1, 1, ...nodesOf(SHA_384)),
  'something after the signature': (parts) => parts.push({ tag: 0x05, content: Buffer.alloc(0) }),
};
for (const [what, change] of Object.entries(OUTSIDE))
  test(`the signature of a certificate with ${what} is not read`, async () => {
    const key = generateKey('p256');
    const [certificate] = nodesOf(await writeCertificate(plan(key), key));
    assert.ok(certificateSignature(readCertificate(octetsOf(certificate!))).algorithm);
    change(childrenOf(certificate!));
    assert.throws(() => certificateSignature(readCertificate(octetsOf(certificate!))), DerError);
  });

/** issuerUniqueID and subjectUniqueID, RFC 5280 4.1.2.8: BIT STRINGs with tags of their own. */
const UNIQUE_IDS: Readonly<Record<string, readonly number[]>> = {
  'an issuerUniqueID': [0x81],
  'a subjectUniqueID': [0x82],
  'both unique identifiers': [0x81, 0x82],
};
for (const [what, tags] of Object.entries(UNIQUE_IDS))
  test(`P13 a certificate with ${what} is read to its end`, async () => {
    const key = generateKey('p256');
    const [certificate] = nodesOf(await writeCertificate(plan(key), key));
    const [tbs] = childrenOf(certificate!);
    const ids = tags.map((tag) => ({ tag, content: Buffer.of(0, 0xa5) }));
    childrenOf(tbs!).splice(-1, 0, ...ids);
    const der = octetsOf(certificate!);
    assert.equal(new X509Certificate(der).ca, true, 'node:crypto reads it too');
    const view = readCertificate(der);
    assert.deepEqual(Buffer.from(view.spki), Buffer.from(key.spki));
    assert.deepEqual(
      certificateExtensions(view).map(({ oid }) => oid),
      ['2.5.29.19', '2.5.29.15', '2.5.29.14', '2.5.29.35', '2.5.29.31', '2.5.29.17'],
    );
  });

function childrenOf(node: Node): Node[] {
  assert.ok('children' in node);
  return node.children;
}
