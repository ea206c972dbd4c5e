/** KEMRecipientInfo with ML-KEM (RFC 9629, 9936): what OpenSSL wrote opens, and whatever was changed on its way gives no error. */
import assert from 'node:assert/strict';
import { createCipheriv, createPrivateKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { DerReader } from '../../src/asn1/reader.ts';
import { aesUnwrap } from '../../src/cms/aes-unwrap.ts';
import { CIPHERS, cipherByName } from '../../src/cms/algorithms.ts';
import { enterContentInfo, CONTENT_TYPE } from '../../src/cms/content-info.ts';
import {
  canReceive,
  chooseEncapsulation,
  readEnvelopedData,
  type RecipientKey,
  writeEnvelopedData,
} from '../../src/cms/enveloped-data.ts';
import { type KemRecipient, openKemEnvelope } from '../../src/cms/kem-recipient.ts';
import { generateKemKey, softwareKey } from '../../src/keys/software.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { keyIdentifier } from '../../src/pkix/extensions.ts';
import { readMlKemKey } from '../../src/pkix/ml-kem.ts';
import { raFor, random } from '../kit/pki.ts';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
const VECTORS = JSON.parse(read('kem-vectors.json')) as {
  key: string;
  certificate: string;
  envelopes: Record<string, string>;
};
const octets = (base64: string): Buffer => Buffer.from(base64, 'base64');

function recipientKey(certificateDer: Uint8Array, key: RecipientKey['key']): RecipientKey {
  const certificate = readCertificate(certificateDer);
  return { certificate, keyIdentifier: keyIdentifier(certificate.spki), key };
}

type Changed = Partial<KemRecipient> & { encryptedContent?: Uint8Array };

async function opened(message: Uint8Array, to: RecipientKey, changed: Changed = {}): Promise<Buffer> {
  const enveloped = readEnvelopedData(message);
  const chosen = chooseEncapsulation(enveloped, [to]);
  assert.ok(chosen?.recipient.algorithms && enveloped.cipher);
  const { encryptedContent = enveloped.encryptedContent, ...parts } = changed;
  const recipient = { ...chosen.recipient, algorithms: chosen.recipient.algorithms, ...parts };
  return Buffer.from(
    await openKemEnvelope(
      { ...enveloped, cipher: enveloped.cipher, encryptedContent },
      { recipient: recipient as typeof recipient & { algorithms: object }, key: chosen.key },
      random,
    ),
  );
}

const vectorKey = softwareKey(createPrivateKey({ key: octets(VECTORS.key), format: 'der', type: 'pkcs8' }));
const vectorRecipient = recipientKey(octets(VECTORS.certificate), vectorKey);
for (const [cipher, message] of Object.entries(VECTORS.envelopes))
  test(`OpenSSL 3.6 wrote it with ${cipher}: opens`, async () => {
    assert.equal(readEnvelopedData(octets(message)).cipher?.name, cipher);
    assert.equal((await opened(octets(message), vectorRecipient)).toString(), 'hello');
  });

const kem = await raFor(generateKemKey(), 'CN=Test KEM RA', 'kem');
const own = recipientKey(kem.certificate, kem.key);
const publicKey = readMlKemKey(own.certificate.spki);
const CONTENT = Buffer.from('what is in the envelope');
const written = (cipher: string): Uint8Array =>
  writeEnvelopedData({
    content: CONTENT,
    recipient: { certificate: own.certificate, key: publicKey },
    transport: { scheme: 'pkcs1' },
    cipher: cipherByName(cipher)!,
    random,
  });

for (const cipher of ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'])
  test(`${cipher}: what is written opens, and is EnvelopedData version 3`, async () => {
    const message = written(cipher);
    assert.deepEqual(await opened(message, own), CONTENT);
    assert.equal(enterContentInfo(message, CONTENT_TYPE.envelopedData).sequence().smallInteger(), 3);
  });

test('an ML-KEM key receives AES alone, which has a key wrap', () =>
  assert.deepEqual(
    CIPHERS.map((cipher) => canReceive(publicKey.kind, cipher)),
    [true, true, true, false, false],
  ));

const flipped = (array: Uint8Array, at: number): Buffer => {
  const copy = Buffer.from(array);
  copy[at]! ^= 1;
  return copy;
};

test('a changed ciphertext, wrapped key, or ukm gives other octets and no error', async () => {
  const message = written('aes-256-cbc');
  const [recipient] = readEnvelopedData(message).encapsulations;
  const { kemct, encryptedKey } = recipient!;
  const changes: Changed[] = [
    ...[0, 500, 1087].map((at) => ({ kemct: flipped(kemct, at) })),
    ...[0, 8, 39].map((at) => ({ encryptedKey: flipped(encryptedKey, at) })),
    { kemct: randomBytes(1088) },
    { encryptedKey: randomBytes(40) },
    { ukm: Buffer.of(1) },
  ];
  for (const change of changes) assert.notDeepEqual(await opened(message, own, change), CONTENT);
});

test('lengths that no ciphertext of this key has are refused: the sender knows them', async () => {
  const message = written('aes-256-cbc');
  for (const change of [
    { kemct: Buffer.alloc(1087) },
    { kemct: Buffer.alloc(1568) },
    { kemct: Buffer.alloc(0) },
    { encryptedKey: Buffer.alloc(32) },
    { encryptedKey: Buffer.alloc(48) },
    { encryptedKey: Buffer.alloc(0) },
  ])
    await assert.rejects(opened(message, own, change), DerError);
});

test('another key of the same kind opens nothing, without an error', async () => {
  const other = { ...own, key: generateKemKey() };
  assert.notDeepEqual(await opened(written('aes-256-cbc'), other), CONTENT);
});

test('the unwrapped key is that of OpenSSL for each length, and a wrong check value is told', () => {
  for (const bits of [128, 192, 256])
    for (const length of [16, 24, 32]) {
      const kek = randomBytes(bits / 8);
      const key = randomBytes(length);
      const cipher = createCipheriv(`id-aes${bits}-wrap`, kek, Buffer.alloc(8, 0xa6));
      const wrapped = Buffer.concat([cipher.update(key), cipher.final()]);
      assert.deepEqual(aesUnwrap(kek, wrapped), { key, intact: true });
      for (let at = 0; at < wrapped.length; at++) assert.equal(aesUnwrap(kek, flipped(wrapped, at)).intact, false);
    }
});

test('an ML-KEM key signs nothing and decrypts nothing', () => {
  const key = generateKemKey();
  assert.deepEqual(key.kind, { type: 'ml-kem-768', bits: 9472 });
  assert.throws(() => key.sign({ data: CONTENT, digest: undefined, scheme: 'pkcs1' }), TypeError);
  assert.ok(!key.decrypt && !key.agree);
});

test('an ML-KEM key of another length, or with parameters, is refused', () => {
  const spki = Buffer.from(publicKey.spki);
  assert.throws(() => readMlKemKey(spki.subarray(0, -1)), DerError);
  const info = DerReader.over(spki).sequence();
  assert.equal(info.sequence().oid(), '2.16.840.1.101.3.4.4.2');
  assert.equal(info.bitString().length, 1184);
  assert.throws(() => readMlKemKey(Buffer.from(spki.toString('hex').replace('0402', '0401'), 'hex')), DerError);
});
