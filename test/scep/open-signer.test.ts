/** Who may sign a request, with what, and how a wrong signature is refused. */
import assert from 'node:assert/strict';
import { constants, hash, sign } from 'node:crypto';
import { test } from 'node:test';
import { DerReader } from '../../src/asn1/reader.ts';
import { implicit } from '../../src/asn1/tags.ts';
import { encode, nullValue, octetString, oid, sequence, smallInteger } from '../../src/asn1/writer.ts';
import { generateKey } from '../../src/keys/software.ts';
import { digestIdentifier } from '../../src/cms/algorithms.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { keyIdentifier } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { OID } from '../../src/pkix/oids.ts';
import {
  algorithm,
  attribute,
  forge,
  forgeEnvelope,
  nameOf,
  RSA_ENCRYPTION,
  type SignedParts,
  sorted,
} from '../kit/forge.ts';
import { ecKey, edKey, rsaKey } from '../kit/keys.ts';
import { certificateFor, client, clientFor, context, everyLegacy, HOUR, issuing, NOW, root } from '../kit/pki.ts';
import { accepts, refuses, CHALLENGE, CSR, opened, refused, requestMessage, undecodable } from '../kit/requests.ts';

const withLegacy = context({ legacy: everyLegacy });

test('P01 PKCSReq, SHA-256, AES-128, RSA-2048', async () => {
  const { content, header, replyTo, legacy } = await opened(await requestMessage());
  assert.deepEqual(Buffer.from(content.csr.der), Buffer.from(CSR));
  assert.equal(content.csr.challenge, CHALLENGE);
  assert.equal(content.csr.subjectText, 'CN=device-1,O=Example');
  assert.equal(header.messageType, 'PKCSReq');
  assert.deepEqual(Buffer.from(replyTo.signerKey.spki), Buffer.from(client.key.spki));
  assert.deepEqual(Buffer.from(replyTo.signerCertificate.der), Buffer.from(client.certificate));
  assert.deepEqual([replyTo.transport, replyTo.cipher], [{ scheme: 'pkcs1' }, 'aes-128-cbc']);
  assert.deepEqual(legacy, []);
});

test('what is opened is plain data: it survives being sent to a thread', async () => {
  const request = await opened(await requestMessage());
  assert.equal(structuredClone(request).content.csr.subjectText, request.content.csr.subjectText);
});

for (const digest of ['sha256', 'sha384', 'sha512'] as const)
  test(`P02 ${digest} is accepted and mirrored`, async () => {
    const { header, legacy } = await opened(await requestMessage({ digest }));
    assert.equal(header.digest, digest);
    assert.deepEqual(legacy, []);
  });

test('P02 C05 SHA-224 is refused, because GetCACaps has no keyword for it', async () => {
  const { detail } = await refused(await requestMessage({ digest: 'sha224' }), 'algorithm_refused', withLegacy);
  assert.equal(detail, 'the digest is not supported: SHA-224 (2.16.840.1.101.3.4.2.4)');
});

test('P02 SHA-1 is refused, and accepted and mirrored where it is legacy', async () => {
  const message = await requestMessage({ digest: 'sha1' });
  assert.equal((await refused(message, 'algorithm_refused')).header.digest, 'sha1');
  const { header, legacy } = await opened(message, withLegacy);
  assert.equal(header.digest, 'sha1');
  assert.deepEqual(legacy, ['sha1']);
});

test('P03 MD5 is refused, also with every legacy algorithm on, and answered with SHA-256', async () => {
  const message = forge({ digest: 'md5', digestIdentifier: algorithm('1.2.840.113549.2.5', nullValue) });
  assert.equal((await refused(message, 'algorithm_refused')).header.digest, 'sha256');
  await refused(message, 'algorithm_refused', withLegacy);
});

const SHA256 = '2.16.840.1.101.3.4.2.1';
const SHA256_WITH_RSA = '1.2.840.113549.1.1.11';
const IDENTIFIERS: Readonly<Record<string, Partial<SignedParts>>> = {
  'rsaEncryption with NULL': { signatureIdentifier: RSA_ENCRYPTION },
  'rsaEncryption without parameters': { signatureIdentifier: algorithm('1.2.840.113549.1.1.1') },
  'sha256WithRSAEncryption with NULL': { signatureIdentifier: algorithm(SHA256_WITH_RSA, nullValue) },
  'sha256WithRSAEncryption without parameters': { signatureIdentifier: algorithm(SHA256_WITH_RSA) },
  'digest without parameters': { digestIdentifier: algorithm(SHA256) },
};
for (const [what, parts] of Object.entries(IDENTIFIERS)) test(`P04 ${what}`, () => accepts(forge(parts)));

test('P04 a signature algorithm that contradicts the digest is a wrong signature', async () => {
  const signatureIdentifier = algorithm('1.2.840.113549.1.1.13', nullValue);
  await refuses(forge({ signatureIdentifier }), 'signature_invalid');
  const signatureOf = (data: Uint8Array) => sign('sha512', data, client.key.privateKey);
  await refuses(forge({ signatureIdentifier, signatureOf }), 'signature_invalid');
  await accepts(forge({ signatureIdentifier, signatureOf, digest: 'sha512' }));
});

test('an unknown signature algorithm is refused', () =>
  refuses(forge({ signatureIdentifier: algorithm('2.16.840.1.101.3.4.3.20') }), 'algorithm_refused'));

const RSASSA_PSS = '1.2.840.113549.1.1.10';
const MGF1 = '1.2.840.113549.1.1.8';
function pss(digest: 'sha1' | 'sha256' | 'sha512', saltLength: number): Partial<SignedParts> {
  const hash = digestIdentifier(digest);
  const mask = sequence(oid(MGF1), hash);
  const parameters = sequence(encode(0xa0, hash), encode(0xa1, mask), encode(0xa2, smallInteger(saltLength)));
  const key = client.key.privateKey;
  return {
    digest,
    signatureIdentifier: algorithm(RSASSA_PSS, parameters),
    signatureOf: (data) => sign(digest, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }),
  };
}
test('P05 RSASSA-PSS signer, SHA-256', () => accepts(forge(pss('sha256', 32))));
test('P05 RSASSA-PSS signer, SHA-512 with a short salt', () => accepts(forge(pss('sha512', 20))));
test('P05 RSASSA-PSS signer, SHA-1 by default parameters, where legacy', () =>
  accepts(forge({ ...pss('sha1', 20), signatureIdentifier: algorithm(RSASSA_PSS, sequence()) }), withLegacy));
test('P05 RSASSA-PSS with another salt length than its parameters is a wrong signature', () =>
  refuses(
    forge({ ...pss('sha256', 32), signatureIdentifier: pss('sha256', 20).signatureIdentifier! }),
    'signature_invalid',
  ));

const ecClient = await clientFor(ecKey('client'));
const ECDSA: Partial<SignedParts> = { signer: ecClient, signatureIdentifier: algorithm('1.2.840.10045.4.3.2') };
test('P05 ECDSA signer', () => accepts(forge(ECDSA)));
test('P05 ECDSA signer whose signature algorithm is id-ecPublicKey, as cryptlib writes it: digestAlgorithm counts', () =>
  accepts(forge({ ...ECDSA, signatureIdentifier: algorithm('1.2.840.10045.2.1', oid('1.2.840.10045.3.1.7')) })));
test('P05 ECDSA signer with a signature of no shape', () =>
  refuses(forge({ ...ECDSA, signatureOf: () => Buffer.of(1) }), 'signature_invalid'));
test('P05 E13 Ed25519 signer: refused cleanly', async () => {
  const key = edKey('client');
  const signer = { certificate: await certificateFor(key.spki), key };
  const signatureOf = (data: Uint8Array) => sign(null, data, key.privateKey);
  await refused(forge({ signer, signatureIdentifier: algorithm('1.3.101.112'), signatureOf }), 'algorithm_refused');
});
test('E13 signer with an ML-DSA key: refused cleanly', async () => {
  const key = generateKey('ml-dsa-65');
  const signer = { certificate: await certificateFor(key.spki), key };
  const signatureOf = (data: Uint8Array) => sign(null, data, key.privateKey);
  const message = forge({ signer, signatureIdentifier: algorithm('2.16.840.1.101.3.4.3.18'), signatureOf });
  await refused(message, 'algorithm_refused');
});

test('an RSA-1024 signer is refused, and accepted and named where it is legacy', async () => {
  const message = await requestMessage({ signer: await clientFor(rsaKey('small', 1024)) });
  await refused(message, 'algorithm_refused');
  assert.deepEqual((await opened(message, withLegacy)).legacy, ['rsa1024']);
});

const unsorted = (attributes: readonly Uint8Array[]): Uint8Array[] => sorted(attributes).toReversed();
test('P06 attributes unsorted, signed as sent', () => accepts(forge({ arrange: unsorted })));
test('P06 attributes unsorted, signed in DER order', () =>
  accepts(
    forge({
      arrange: unsorted,
      signedOver: (sent) =>
        encode(
          0x31,
          ...sorted(
            DerReader.over(sent)
              .set()
              .each(99, (list) => list.element().der),
          ),
        ),
    }),
  ));

const flipped = (octets: Uint8Array, at: number): Uint8Array =>
  Buffer.from(octets.map((octet, i) => (i === at ? octet ^ 1 : octet)));
const WRONG: Readonly<Record<string, Partial<SignedParts>>> = {
  'P07 a flipped bit in the signature': {
    signatureOf: (data) => flipped(sign('sha256', data, client.key.privateKey), 100),
  },
  'P07 an empty signature': { signatureOf: () => Buffer.alloc(0) },
  'P07 a signature longer than the modulus': { signatureOf: () => Buffer.alloc(4096, 1) },
  'P07 signed by another key': { signatureOf: (data) => sign('sha256', data, rsaKey('other').privateKey) },
  'P08 eContent swapped, messageDigest stale': { digested: forgeEnvelope() },
  'P08 contentType attribute of another type': { contentType: '1.2.840.113549.1.7.3', binding: forgedBinding() },
  'P09 no messageDigest': { binding: forgedBinding().slice(0, 1) },
  'P09 no contentType': { binding: forgedBinding().slice(1) },
};
function forgedBinding(): Uint8Array[] {
  const content = Buffer.from('content');
  const names = ['1.2.840.113549.1.9.3', '1.2.840.113549.1.9.4'];
  const values = [oid('1.2.840.113549.1.7.1'), octetString(content)];
  return names.map((name, i) => sequence(oid(name), encode(0x31, values[i]!)));
}
/** RFC 5652 11.1 and 11.2, each attribute beside the other one as it should be. */
const content = forgeEnvelope();
const contentTypeOf = (...types: readonly string[]): Uint8Array[] =>
  types.length ? [attribute('1.2.840.113549.1.9.3', ...types.map(oid))] : [];
const digestAs = (value: Uint8Array): Uint8Array => attribute('1.2.840.113549.1.9.4', value);
const rightDigest = digestAs(octetString(hash('sha256', content, 'buffer')));
const DATA_TYPE = '1.2.840.113549.1.7.1';
const BINDINGS: Readonly<Record<string, readonly Uint8Array[]>> = {
  'P09 no contentType, right messageDigest': [rightDigest],
  'P08 contentType signedData, right messageDigest': [...contentTypeOf('1.2.840.113549.1.7.2'), rightDigest],
  'P08 contentType that is no OID, right messageDigest': [
    attribute('1.2.840.113549.1.9.3', octetString(Buffer.from('2a864886f70d010701', 'hex'))),
    rightDigest,
  ],
  'P09 right contentType, no messageDigest': contentTypeOf(DATA_TYPE),
  'P08 right contentType, messageDigest of other octets': [
    ...contentTypeOf(DATA_TYPE),
    digestAs(octetString(hash('sha256', 'other octets', 'buffer'))),
  ],
  'P08 right contentType, messageDigest cut off': [
    ...contentTypeOf(DATA_TYPE),
    digestAs(octetString(hash('sha256', content, 'buffer').subarray(0, 16))),
  ],
  'P08 right contentType, messageDigest that is no OCTET STRING': [
    ...contentTypeOf(DATA_TYPE),
    digestAs(encode(0x16, hash('sha256', content, 'buffer'))),
  ],
};
test('P08 P09 both attributes as they should be', () =>
  accepts(forge({ content, binding: [...contentTypeOf(DATA_TYPE), rightDigest] })));
for (const [what, binding] of Object.entries(BINDINGS))
  test(what, () => refuses(forge({ content, binding }), 'signature_invalid'));

for (const [what, parts] of Object.entries(WRONG)) test(what, () => refuses(forge(parts), 'signature_invalid'));

test('P09 no signedAttrs', () => undecodable(forge({ arrange: () => [] })));
test('P10 two SignerInfos', () => undecodable(forge({ signerInfos: (one) => [one, one] })));
test('P10 no SignerInfo', () => undecodable(forge({ signerInfos: () => [] })));

test('P11 certificates of others before and behind the signer', () =>
  accepts(forge({ certificates: [root.certificate, ecClient.certificate, client.certificate, issuing.certificate] })));
test('P11 sixteen certificates, the one of the signer last', () =>
  accepts(forge({ certificates: [...Array<Uint8Array>(15).fill(root.certificate), client.certificate] })));
test('P11 several certificates and none of the signer', () =>
  refuses(forge({ certificates: [root.certificate, issuing.certificate] }), 'signature_invalid'));
test('P11 no certificate', () => refuses(forge({ certificates: [] }), 'signature_invalid'));
test('P11 two certificates with the serial number of the identifier: the issuer decides', async () => {
  const other = await certificateFor(ecClient.key.spki, { issuer: nameFromText('CN=another issuer') });
  const certificate = await certificateFor(client.key.spki);
  const signer = { ...client, certificate };
  const { replyTo } = await opened(forge({ signer, certificates: [other, certificate] }));
  assert.deepEqual(Buffer.from(replyTo.signerCertificate.der), Buffer.from(certificate));
});
test('P11 one certificate, whose issuer the identifier writes in another string type', () => {
  const { serialNumber } = readCertificate(client.certificate);
  const printable = Buffer.from(nameFromText('CN=device-1'));
  printable[printable.indexOf(0x0c)] = 0x13;
  return accepts(forge({ signerId: sequence(printable, encode(0x02, serialNumber)) }));
});
test('P11 attribute certificates and other formats beside the signer are passed over', () =>
  accepts(forge({ certificates: [encode(0xa2, oid('1.2.3')), client.certificate] })));

const bySki = (identifier: Uint8Array): Uint8Array => encode(implicit(0), identifier);
test('P12 sid by SKI, computed', () =>
  accepts(
    forge({
      signerId: bySki(keyIdentifier(client.key.spki)),
      certificates: [ecClient.certificate, client.certificate],
    }),
  ));
test('P12 sid by SKI, as the extension has it', async () => {
  const extensions = [{ oid: OID.subjectKeyIdentifier, critical: false, value: octetString(Buffer.from('mine')) }];
  const certificate = await certificateFor(client.key.spki, { extensions });
  const certificates = [ecClient.certificate, certificate];
  await opened(forge({ signerId: bySki(Buffer.from('mine')), certificates }));
  await refused(forge({ signerId: bySki(Buffer.from('none')), certificates }), 'signature_invalid');
});

const ODD_CERTIFICATES: Readonly<Record<string, Parameters<typeof certificateFor>[1]>> = {
  'P13 subject other than that of the CSR': { subject: nameFromText('CN=0F1E2D3C-UUID') },
  'P13 empty subject and issuer': { subject: nameFromText(''), issuer: nameFromText('') },
  'P13 expired': { notAfter: new Date(NOW.getTime() - HOUR) },
  'P13 not yet valid': { notBefore: new Date(NOW.getTime() + 30 * 24 * HOUR) },
  'P13 no extensions': { extensions: [] },
  'P13 serial number 0': { serialNumber: Buffer.of(0) },
  'P13 serial number of 64 bits with the highest set': { serialNumber: Buffer.alloc(8, 0xff) },
  'P14 critical AKI, as Windows writes it': {
    extensions: [{ oid: OID.authorityKeyIdentifier, critical: true, value: sequence(encode(0x80, Buffer.alloc(20))) }],
  },
  'P13 an unknown critical extension': {
    extensions: [{ oid: '1.2.3.4', critical: true, value: nullValue }],
  },
};
for (const [what, different] of Object.entries(ODD_CERTIFICATES))
  test(`${what} in the certificate of the signer`, async () => {
    const certificate = await certificateFor(client.key.spki, different);
    await opened(forge({ signer: { ...client, certificate } }));
  });

test('P13 negative serial number in the certificate of the signer', async () => {
  const positive = Buffer.from(await certificateFor(client.key.spki, { serialNumber: Buffer.of(0x71) }));
  positive[positive.indexOf(Buffer.from('020171', 'hex')) + 2] = 0x81;
  await opened(forge({ signer: { ...client, certificate: positive } }));
});

test('P15 the key of the signer is not the key of the CSR: accepted, and both keys are in the result', async () => {
  const signer = await clientFor(rsaKey('throw-away'), 'CN=SCEP Protocol Certificate');
  const { content, replyTo } = await opened(await requestMessage({ signer }));
  assert.deepEqual(Buffer.from(replyTo.signerKey.spki), Buffer.from(signer.key.spki));
  assert.deepEqual(Buffer.from(content.csr.spki), Buffer.from(client.key.spki));
  assert.deepEqual(Buffer.from(replyTo.signerCertificate.der), Buffer.from(signer.certificate));
});

const rsaSpki = (modulus: Uint8Array, exponent: Uint8Array): Uint8Array =>
  sequence(RSA_ENCRYPTION, encode(0x03, Buffer.of(0), sequence(encode(0x02, modulus), encode(0x02, exponent))));
const odd = (octets: number): Buffer => Buffer.concat([Buffer.of(0), Buffer.alloc(octets, 0xff)]);
const HOSTILE_KEYS: Readonly<Record<string, Uint8Array>> = {
  'an exponent of 65,537 bits': rsaSpki(odd(256), Buffer.concat([Buffer.of(1), Buffer.alloc(8191), Buffer.of(1)])),
  'a modulus of 16,384 bits': rsaSpki(odd(2048), Buffer.from('010001', 'hex')),
  'a modulus of 512 bits': rsaSpki(odd(64), Buffer.from('010001', 'hex')),
  'an exponent of 1': rsaSpki(odd(256), Buffer.of(1)),
  'an even exponent': rsaSpki(odd(256), Buffer.of(4)),
  'a negative modulus': rsaSpki(Buffer.alloc(256, 0xff), Buffer.from('010001', 'hex')),
  'an RSA key that is no SEQUENCE': sequence(RSA_ENCRYPTION, encode(0x03, Buffer.of(0, 5, 0))),
};
for (const [what, spki] of Object.entries(HOSTILE_KEYS))
  test(`S02 a signer with ${what} is refused before it is used`, async () => {
    const certificate = await certificateFor(spki);
    await refused(forge({ certificates: [certificate], signerId: nameOf(certificate) }), 'algorithm_refused');
  });
