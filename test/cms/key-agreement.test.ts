/** Content encrypted to an EC key opens with that key only, here and with the openssl command. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { DerError } from '../../src/asn1/limits.ts';
import { explicit } from '../../src/asn1/tags.ts';
import { encode, nullValue, octetString, sequence, smallInteger } from '../../src/asn1/writer.ts';
import { openAgreedEnvelope } from '../../src/cms/agreed-envelope.ts';
import { CIPHERS, type ContentCipher, cipherByName } from '../../src/cms/algorithms.ts';
import { readDerOrBer } from '../../src/cms/content-info.ts';
import { canReceive, readEnvelopedData, writeEnvelopedData } from '../../src/cms/enveloped-data.ts';
import { keyEncryptionKey, unwrapped } from '../../src/cms/key-agreement.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { keyIdentifier, subjectKeyIdentifier } from '../../src/pkix/extensions.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { readCertRep } from '../../src/client/reply.ts';
import { seal } from '../../src/scep/seal.ts';
import { algorithm, forge, forgeEnvelope } from '../kit/forge.ts';
import { ecKey } from '../kit/keys.ts';
import { cmsDecrypt, cmsEncrypt, cmsVerify, withoutOpenssl } from '../kit/openssl.ts';
import { certificateFor, client, clock, type Keyed, random, registration } from '../kit/pki.ts';
import { CHAIN, expected } from '../kit/replies.ts';
import { opened, refuses, requestMessage } from '../kit/requests.ts';
import { flat, type Node, nodesOf, octetsOf } from '../kit/tree.ts';

const CURVES = ['P-256', 'P-384', 'P-521'] as const;
const AES = CIPHERS.filter(({ keyWrap }) => keyWrap !== undefined);

/** `-keyid` needs the extension in the certificate. */
const keyedOn = async (curve: string): Promise<Keyed> => {
  const key = ecKey('recipient', curve);
  const extensions = [subjectKeyIdentifier(key.spki)];
  return { key, certificate: await certificateFor(key.spki, { extensions }) };
};
const RECIPIENTS = new Map(await Promise.all(CURVES.map(async (curve) => [curve, await keyedOn(curve)] as const)));

const enveloped = (content: Uint8Array, to: Keyed, cipher: ContentCipher): Uint8Array =>
  writeEnvelopedData({
    content,
    recipient: { certificate: readCertificate(to.certificate), key: readPublicKey(to.key.spki) },
    transport: { scheme: 'pkcs1' },
    cipher,
    random,
  });

/** The content, or undefined when it is not for this key. */
async function openedBy({ certificate, key }: Keyed, message: Uint8Array): Promise<Buffer | undefined> {
  const data = readDerOrBer(message, readEnvelopedData);
  const recipient = { certificate: readCertificate(certificate), keyIdentifier: keyIdentifier(key.spki), key };
  const content = await openAgreedEnvelope({ ...data, cipher: data.cipher! }, recipient);
  return content && Buffer.from(content);
}

test('`canReceive`: an RSA key every cipher, an EC key those with a key wrap, Ed25519 none', () => {
  for (const cipher of CIPHERS) {
    assert.equal(canReceive({ type: 'rsa', bits: 2048 }, cipher), true);
    assert.equal(canReceive({ type: 'ec', bits: 256 }, cipher), AES.includes(cipher), cipher.name);
    assert.equal(canReceive({ type: 'ed25519', bits: 256 }, cipher), false);
  }
  assert.deepEqual(
    AES.map(({ name }) => name),
    ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'],
  );
});

const anything = fc.record({
  curve: fc.constantFrom(...CURVES),
  cipher: fc.constantFrom(...AES),
  content: fc.uint8Array({ maxLength: 5000 }),
});
test('E13 content of any length, encrypted to any curve with any cipher, opens', () =>
  fc.assert(
    fc.asyncProperty(anything, async ({ curve, cipher, content }) => {
      const to = RECIPIENTS.get(curve)!;
      assert.deepEqual(await openedBy(to, enveloped(content, to, cipher)), Buffer.from(content));
    }),
    { numRuns: 300, seed: 5753 },
  ));

test('E13 the ephemeral key pair is new each time', () => {
  const to = RECIPIENTS.get('P-256')!;
  const originators = Array.from({ length: 4 }, () => {
    const [info] = readEnvelopedData(enveloped(Buffer.of(1), to, AES[0]!)).agreements;
    return Buffer.from(info!).subarray(0, 100).toString('hex');
  });
  assert.equal(new Set(originators).size, 4);
});

test('E13 EnvelopedData has version 2 and one recipient', () => {
  const [info] = nodesOf(enveloped(Buffer.of(1), RECIPIENTS.get('P-384')!, AES[0]!));
  const [version] = flat(info!).filter(({ tag }) => tag === 0x02);
  assert.deepEqual(version, { tag: 0x02, content: Buffer.of(2) });
  const data = readEnvelopedData(octetsOf(info!));
  assert.deepEqual([data.recipients.length, data.agreements.length], [0, 1]);
});

test('E13 a legacy cipher has no key wrap, and is not written to an EC key', () => {
  for (const cipher of CIPHERS.filter((row) => !AES.includes(row)))
    assert.throws(() => enveloped(Buffer.of(1), RECIPIENTS.get('P-256')!, cipher), TypeError);
});

test('E13 a message to another recipient is not opened', async () => {
  const message = enveloped(randomBytes(40), RECIPIENTS.get('P-256')!, AES[0]!);
  const key = ecKey('another recipient');
  const certificate = await certificateFor(key.spki, { serialNumber: Buffer.of(2) });
  assert.equal(await openedBy({ key, certificate }, message), undefined);
  assert.equal(await openedBy(RECIPIENTS.get('P-256')!, enveloped(Buffer.of(1), client, AES[0]!)), undefined);
});

test('E13 a content key that is longer than the cipher needs is malformed', async () => {
  const [to, aes256] = [RECIPIENTS.get('P-256')!, cipherByName('aes-256-cbc')!];
  const data = readEnvelopedData(enveloped(Buffer.from('content'), to, aes256));
  const recipient = {
    certificate: readCertificate(to.certificate),
    keyIdentifier: keyIdentifier(to.key.spki),
    key: to.key,
  };
  await assert.rejects(
    openAgreedEnvelope({ ...data, cipher: cipherByName('aes-128-cbc')! }, recipient),
    /^DerError: content key of 32 octets$/,
  );
});

test('E13 a recipient info with our certificate that was wrapped for another key is malformed', async () => {
  const { certificate } = RECIPIENTS.get('P-256')!;
  const message = enveloped(randomBytes(40), RECIPIENTS.get('P-256')!, AES[0]!);
  await assert.rejects(openedBy({ key: ecKey('another recipient'), certificate }, message), DerError);
  await assert.rejects(openedBy({ key: ecKey('another recipient', 'P-384'), certificate }, message), DerError);
});

/** The message with its KeyAgreeRecipientInfo changed. */
function changed(message: Uint8Array, change: (info: Node & { children: Node[] }) => void): Buffer {
  const [root] = nodesOf(message);
  const info = flat(root!).find(({ tag, ...rest }) => tag === 0xa1 && 'children' in rest);
  assert.ok(info && 'children' in info);
  change(info);
  return octetsOf(root!);
}
const MESSAGE = enveloped(randomBytes(40), RECIPIENTS.get('P-256')!, AES[0]!);
const nodeOf = (der: Uint8Array): Node => nodesOf(der)[0]!;

test('E13 a static originator key and unknown algorithms are not supported', async () => {
  const to = RECIPIENTS.get('P-256')!;
  const others: Readonly<Record<string, (info: { children: Node[] }) => void>> = {
    'originator by name': (info) =>
      (info.children[1] = nodeOf(encode(explicit(0), sequence(sequence(), smallInteger(1))))),
    'another scheme': (info) => (info.children[2] = nodeOf(algorithm('1.2.3', algorithm('2.16.840.1.101.3.4.1.5')))),
    'another wrap': (info) => (info.children[2] = nodeOf(algorithm('1.3.132.1.11.1', algorithm('1.2.3')))),
  };
  for (const [what, change] of Object.entries(others))
    assert.equal(await openedBy(to, changed(MESSAGE, change)), undefined, what);
});

test('E13 user keying material changes the derived key: a key wrapped without it does not unwrap with it', () =>
  assert.rejects(
    openedBy(
      RECIPIENTS.get('P-256')!,
      changed(MESSAGE, ({ children }) => children.splice(2, 0, nodeOf(encode(explicit(1), octetString(Buffer.of(1)))))),
    ),
    DerError,
  ));

test('E13 a point that is not on the curve is refused before it is used', () =>
  assert.rejects(
    openedBy(
      RECIPIENTS.get('P-256')!,
      changed(MESSAGE, (info) => {
        const point = flat(info).find(({ tag }) => tag === 0x03)!;
        assert.ok('content' in point);
        point.content = Buffer.from(point.content.map((octet, i) => (i === 5 ? octet ^ 1 : octet)));
      }),
    ),
    DerError,
  ));

test('E08 E13 a request is for the RSA key of the RA: by key agreement, KEK or password alone it is refused', async () => {
  const [agreement] = readEnvelopedData(MESSAGE).agreements;
  const others = [agreement!, encode(explicit(2), smallInteger(4)), encode(explicit(3), smallInteger(0))];
  for (const info of others)
    await refuses(forge({ content: forgeEnvelope({ recipients: () => [info] }) }), 'request_refused');
});

test('the key wrap is that of RFC 3394, 4.1', () => {
  const key = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
  const wrapped = Buffer.from('1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5', 'hex');
  assert.equal(Buffer.from(unwrapped(key, wrapped)).toString('hex'), '00112233445566778899aabbccddeeff');
  wrapped[0]! ^= 1;
  assert.throws(() => unwrapped(key, wrapped), DerError);
});

test('the key-encryption key is as long as the key wrap needs, also when the hash is shorter', () => {
  const secret = Buffer.alloc(32, 1);
  // A block of SHA-1 has 20 octets.
  for (const keyBytes of [16, 20, 21, 24, 32, 40, 41, 64])
    assert.equal(keyEncryptionKey({ secret, digest: 'sha1', keyWrap: nullValue, keyBytes }).length, keyBytes);
});

const SCHEMES = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'];
describe('EnvelopedData for EC keys and openssl', { skip: withoutOpenssl }, () => {
  for (const [curve, to] of RECIPIENTS)
    for (const cipher of AES)
      test(`E13 ${curve}, ${cipher.name}: openssl opens our message`, () => {
        const content = randomBytes(100);
        assert.deepEqual(cmsDecrypt(enveloped(content, to, cipher), to), content);
      });

  for (const [curve, to] of RECIPIENTS)
    for (const digest of SCHEMES)
      for (const form of [['-aes128'], ['-aes192', '-keyid'], ['-aes256', '-stream']])
        test(`E13 ${curve}, ${digest} ${form.join(' ')}: we open those of openssl`, async () => {
          const content = randomBytes(100);
          const message = cmsEncrypt(content, to, '-keyopt', `ecdh_kdf_md:${digest}`, ...form);
          assert.deepEqual(await openedBy(to, message), content);
        });
});

for (const [curve, signer] of RECIPIENTS)
  for (const { name: cipher } of AES)
    test(`E13 R06 a CertRep to a signer on ${curve}, ${cipher}: our client reads it`, async () => {
      const reply = await replyTo(signer, cipher);
      const read = await readCertRep(reply, { ...expected, signer });
      assert.deepEqual(read.status === 'success' && read.certificates.map((der) => Buffer.from(der)), CHAIN);
    });

describe('CertRep to EC signers, read by openssl', { skip: withoutOpenssl }, () => {
  for (const [curve, signer] of RECIPIENTS)
    for (const { name: cipher } of AES)
      test(`E13 R03 ${curve}, ${cipher}`, async () => {
        const content = cmsDecrypt(cmsVerify(await replyTo(signer, cipher)), signer);
        for (const certificate of CHAIN) assert.ok(content.includes(certificate));
      });
});

/** The CertRep of success to a PKCSReq that this key signed. */
async function replyTo(signer: Keyed, cipher: string): Promise<Uint8Array> {
  const { header, replyTo } = await opened(await requestMessage({ signer, cipher }));
  assert.equal(replyTo.cipher, cipherByName(cipher)!.name);
  return seal({ header, reply: { status: 'success', replyTo, certificates: CHAIN }, ra: registration, clock, random });
}
