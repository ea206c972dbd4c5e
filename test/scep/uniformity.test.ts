/** Whatever is wrong inside the envelope, the sender learns one and the same thing (RFC 8894 7.1, RFC 5652 6.2.1). */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { DerReader } from '../../src/asn1/reader.ts';
import { bitString, encode, oid, sequence, setOf, utf8String } from '../../src/asn1/writer.ts';
import { subjectAltName, writeExtension } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { keyTransportIdentifier } from '../../src/cms/algorithms.ts';
import type { KeyTransport } from '../../src/core/keys.ts';
import { seal } from '../../src/scep/seal.ts';
import { SCEP_ATTRIBUTE } from '../../src/scep/message-attributes.ts';
import {
  type EnvelopeParts,
  forge,
  forgeEnvelope,
  keyTransRecipientInfo,
  nameOf,
  rawEncrypt,
  recipientInfo,
} from '../kit/forge.ts';
import { clock, ra, random, registration } from '../kit/pki.ts';
import { accepts, CSR, refused, REQUEST_PLAN } from '../kit/requests.ts';
import { rsaKey } from '../kit/keys.ts';
import { readSignedData } from '../../src/cms/signed-data.ts';

const PKCS1: KeyTransport = { scheme: 'pkcs1' };
const OAEP: KeyTransport = { scheme: 'oaep', hash: 'sha1', mgf1Hash: 'sha1' };
const MIXED: KeyTransport = { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha1' };

/** A block that the RA decrypts to, whatever its padding. */
const block = (head: readonly number[], transport: KeyTransport): EnvelopeParts['recipients'] => {
  const encoded = Buffer.concat([Buffer.from(head), randomBytes(256 - head.length).map((octet) => octet | 1)]);
  const info = keyTransRecipientInfo(
    nameOf(ra.certificate),
    keyTransportIdentifier(transport),
    rawEncrypt(ra, encoded),
  );
  return () => [info];
};
const transported =
  (transport: KeyTransport): EnvelopeParts['recipients'] =>
  (contentKey) => [recipientInfo(ra, contentKey, { transport })];

const changed = (at: number): Buffer => {
  const csr = Buffer.from(CSR);
  csr[at < 0 ? csr.length + at : at]! ^= 1;
  return csr;
};
const otherKey = await writeCertificationRequest(REQUEST_PLAN, { ...rsaKey('other'), spki: rsaKey('ra').spki });

/** What decrypts to no certification request: neither the reply nor the log can say why. */
const UNDECRYPTABLE: Readonly<Record<string, Partial<EnvelopeParts>>> = {
  'PKCS#1 padding of block type 1': { recipients: block([0, 1], PKCS1) },
  'PKCS#1 padding without its first zero': { recipients: block([1, 2], PKCS1) },
  'PKCS#1 padding that never ends': { recipients: block([0, 2], PKCS1) },
  'PKCS#1 padding too short': { recipients: block([0, 2, 1, 1, 1, 0], PKCS1) },
  'OAEP padding': { recipients: block([0], OAEP) },
  'OAEP padding, two hashes': { recipients: block([0], MIXED) },
  'a content key too short': { contentKey: randomBytes(15) },
  'a content key too long': { contentKey: randomBytes(32) },
  'an empty content key': { contentKey: Buffer.alloc(0) },
  'a content key too short, OAEP': { contentKey: randomBytes(8), recipients: transported(OAEP) },
  'another content key': { recipients: () => transported(PKCS1)(randomBytes(16)) },
  'CBC padding not all the same': {
    content: randomBytes(30),
    pad: (content) => Buffer.concat([content, Buffer.of(3, 2)]),
  },
  'no block at all': { content: Buffer.alloc(0), pad: (content) => content },
  'an incomplete block': { encryptedContent: (octets) => forgePrimitive(octets.subarray(0, octets.length - 5)) },
  'garbage as plaintext': { content: randomBytes(CSR.length) },
  'empty plaintext': { content: Buffer.alloc(0) },
  'text as plaintext': { content: Buffer.from('-----BEGIN CERTIFICATE REQUEST-----') },
  'an empty SEQUENCE as CSR': { content: sequence() },
  'a CSR cut short': { content: CSR.subarray(0, CSR.length - 100) },
  'a CSR with a broken length': { content: changed(2) },
};
const UNPROVEN = 'the proof of possession is wrong: the certification request is not signed with the key that it names';
const spkiAt = Buffer.from(CSR).indexOf(rsaKey('client').spki);
/** `algorithm` is the signature algorithm of a request, DER; its signature is random. */
const signedBy = (algorithm: string): Uint8Array => {
  const info = DerReader.over(CSR).sequence().raw(0x30);
  return sequence(info, sequence(oid(algorithm)), bitString(randomBytes(256)));
};
const withAttributes = (...attributes: [type: string, value: Uint8Array][]): Uint8Array => {
  const info = DerReader.over(CSR).sequence().sequence();
  const parts = [info.raw(0x02), info.raw(0x30), info.raw(0x30)];
  const set = encode(0xa0, ...attributes.map(([type, value]) => sequence(oid(type), setOf(value))));
  return sequence(sequence(...parts, set), sequence(oid('1.2.840.113549.1.1.11')), bitString(randomBytes(256)));
};
const CHALLENGE_PASSWORD = '1.2.840.113549.1.9.7';
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const name = (host: string): Uint8Array => writeExtension(subjectAltName([generalNameFromText(`dns:${host}`)]));
/** The CSR with another octet at this place behind its `CN=device-1`. */
const inName = (octet: number): Buffer => {
  const csr = Buffer.from(CSR);
  csr[csr.indexOf('device-1')] = octet;
  return csr;
};

/** Certification requests that are wrong, and what the log says of each; the reply is the same for all. */
const WRONG_REQUESTS: readonly [what: string, content: Uint8Array, detail: string][] = [
  ['a CSR changed in its subject', inName(0x44), UNPROVEN],
  ['a CSR changed in its key', changed(spkiAt + 60), UNPROVEN],
  ['a CSR changed in its signature', changed(-1), UNPROVEN],
  ['a CSR signed by another key', otherKey, UNPROVEN],
  [
    'a CSR whose subject is not UTF-8',
    inName(0xff),
    'the certification request is wrong: subject: malformed UTF8String: octet 0xff',
  ],
  [
    'a CSR signed with MD5',
    signedBy('1.2.840.113549.1.1.4'),
    'the signature algorithm of the certification request is not supported: MD5 with RSA (1.2.840.113549.1.1.4)',
  ],
  [
    'a CSR with an extension twice',
    withAttributes([EXTENSION_REQUEST, sequence(name('a.example'), name('b.example'))]),
    'the certification request is wrong: attributes: the extension 2.5.29.17 is repeated',
  ],
  [
    'a CSR with an extension in two requests that differ',
    withAttributes([EXTENSION_REQUEST, sequence(name('a.example'))], [EXTENSION_REQUEST, sequence(name('b.example'))]),
    'the certification request is wrong: attributes: the extension 2.5.29.17 is repeated',
  ],
  [
    'a CSR with two challenges',
    withAttributes([CHALLENGE_PASSWORD, utf8String('a')], [CHALLENGE_PASSWORD, utf8String('a')]),
    'the certification request is wrong: attributes: challengePassword is repeated (RFC 2985 5.4.1)',
  ],
  [
    'a CSR whose challenge is not UTF-8',
    withAttributes([CHALLENGE_PASSWORD, encode(0x0c, Buffer.of(0x61, 0xff))]),
    'the certification request is wrong: attributes: challengePassword is not a character string that can be read',
  ],
];
function forgePrimitive(octets: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(0x80, 0x82, octets.length >> 8, octets.length & 0xff), octets]);
}

/**
 * Wrong block padding stays on, behind a request that ends by itself. Were it refused, whether an appended block ends in
 * valid padding would decide between SUCCESS and FAILURE, and tell its plaintext octet by octet (Vaudenay).
 */
const PADDINGS: Readonly<Record<string, (missing: number) => Buffer>> = {
  zeros: (missing) => Buffer.alloc(missing + 16),
  'octets longer than a block': (missing) => Buffer.alloc(missing + 16, 17),
  'a block of another message': (missing) => randomBytes(missing + 16),
  'padding of the right form': (missing) => Buffer.concat([randomBytes(missing), Buffer.alloc(16, 16)]),
};
for (const [what, padding] of Object.entries(PADDINGS))
  test(`E12 a whole request with ${what} behind it is accepted: block padding decides nothing`, () =>
    accepts(
      forge({ content: forgeEnvelope({ pad: (csr) => Buffer.concat([csr, padding(16 - (csr.length % 16))]) }) }),
    ));

/** A FAILURE as structure: everything, with nonce and signature replaced by their lengths. */
async function reply(parts: Partial<EnvelopeParts>): Promise<{ bytes: Buffer; shape: unknown; detail: string }> {
  const { header, code, detail } = await refused(forge({ content: forgeEnvelope(parts) }), 'request_refused');
  const bytes = Buffer.from(
    await seal({ header, reply: { status: 'failure', code }, ra: registration, clock, random }),
  );
  const { signers, ...rest } = readSignedData(bytes);
  const [{ attributes, signature, signedAttributes: _signed, ...signer }] = signers as [(typeof signers)[0]];
  const values = [...attributes].map(([type, [value]]) =>
    type === SCEP_ATTRIBUTE.senderNonce ? [type, value!.der.length] : [type, Buffer.from(value!.der).toString('hex')],
  );
  const shape = { ...rest, signer, values: values.toSorted(), signature: signature.length, total: bytes.length };
  return { bytes, shape, detail };
}

const NO_REQUEST =
  'the envelope contains no certification request: it was encrypted to another key, or damaged, or the client is at fault';
const [reference] = Object.values(UNDECRYPTABLE);
const first = await reply(reference!);

async function assertUniform(parts: Partial<EnvelopeParts>, expected: string): Promise<void> {
  const { bytes, shape, detail } = await reply(parts);
  assert.deepEqual(shape, first.shape);
  assert.equal(detail, expected);
  for (const words of [detail, 'proof of possession', 'repeated', 'malformed'])
    assert.ok(!bytes.includes(words), 'the words for the log stay off the wire');
}

for (const [what, parts] of Object.entries(UNDECRYPTABLE))
  test(`E12 Q04 ${what}: the same FAILURE as for everything else`, () => assertUniform(parts, NO_REQUEST));
for (const [what, content, detail] of WRONG_REQUESTS)
  test(`E12 Q04 ${what}: the same FAILURE as for everything else, and the log names the cause`, () =>
    assertUniform({ content }, detail));

test('E12 a repeat of one and the same wrong message gets replies that differ in nonce and signature only', async () => {
  const again = await reply(reference!);
  assert.deepEqual(again.shape, first.shape);
  assert.notDeepEqual(again.bytes, first.bytes);
});
