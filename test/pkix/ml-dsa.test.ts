/** ML-DSA keys and signatures in the form of RFC 9881, and the forms that are refused. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { DerReader } from '../../src/asn1/reader.ts';
import { bitString, nullValue, oid, sequence } from '../../src/asn1/writer.ts';
import { UnsupportedAlgorithm } from '../../src/pkix/algorithm-names.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import {
  digestFor,
  readSignatureAlgorithm,
  signatureIdentifier,
  verifyLongSignature,
  verifySignature,
} from '../../src/pkix/signature.ts';

/** Octets of the public key and of its SubjectPublicKeyInfo, and of a signature: FIPS 204 table 2. */
const SETS = [
  ['ml-dsa-44', '2.16.840.1.101.3.4.3.17', 1312, 1334, 2420],
  ['ml-dsa-65', '2.16.840.1.101.3.4.3.18', 1952, 1974, 3309],
  ['ml-dsa-87', '2.16.840.1.101.3.4.3.19', 2592, 2614, 4627],
] as const;
const DATA = Buffer.from('what is signed');
const entered = (identifier: Uint8Array) => readSignatureAlgorithm(DerReader.over(identifier).sequence());

for (const [type, id, keyOctets, spkiOctets, signatureOctets] of SETS) {
  const pair = generateKeyPairSync(type);
  const spki = pair.publicKey.export({ format: 'der', type: 'spki' });
  const kind = { type, bits: keyOctets * 8 };

  test(`a key of ${type} has ${spkiOctets} octets, and is read as it is`, () => {
    assert.equal(spki.length, spkiOctets);
    assert.deepEqual(readPublicKey(spki).kind, kind);
    assert.deepEqual(Buffer.from(readPublicKey(spki).spki), spki);
    assert.deepEqual(spki, Buffer.from(sequence(sequence(oid(id)), bitString(spki.subarray(22)))));
  });

  test(`a key of ${type} with parameters, or of another length, is refused`, () => {
    const key = spki.subarray(22);
    const forms = [
      sequence(sequence(oid(id), nullValue), bitString(key)),
      sequence(sequence(oid(id), sequence()), bitString(key)),
      sequence(sequence(oid(id)), bitString(key.subarray(1))),
      sequence(sequence(oid(id)), bitString(Buffer.concat([key, Buffer.of(0)]))),
      sequence(sequence(oid(id)), bitString(Buffer.of())),
      sequence(sequence(oid(id)), bitString(key), nullValue),
    ];
    for (const form of forms)
      assert.throws(
        () => readPublicKey(form),
        (error) => error instanceof DerError && !(error instanceof UnsupportedAlgorithm),
      );
  });

  test(`a signature of ${type} has ${signatureOctets} octets and no digest; one of other data is wrong`, async () => {
    const algorithm = entered(signatureIdentifier(kind, digestFor(kind)));
    assert.deepEqual(algorithm, { type, digest: undefined });
    assert.deepEqual(Buffer.from(signatureIdentifier(kind, undefined)), Buffer.from(sequence(oid(id))));
    const signature = sign(null, DATA, pair.privateKey);
    assert.equal(signature.length, signatureOctets);
    const right = { algorithm, key: pair.publicKey, data: DATA, signature };
    const other = { ...right, data: Buffer.concat([DATA, Buffer.of(0)]) };
    assert.deepEqual([verifySignature(right), verifySignature(other)], [true, false]);
    assert.deepEqual([await verifyLongSignature(right), await verifyLongSignature(other)], [true, false]);
    assert.ok(!verifySignature({ ...right, signature: signature.subarray(1) }), 'a short signature');
  });

  test(`a signature algorithm ${type} with parameters is not supported`, () =>
    assert.equal(entered(sequence(oid(id), nullValue)), undefined));
}

test('a key of another parameter set does not verify', () => {
  const [small, large] = [generateKeyPairSync('ml-dsa-44'), generateKeyPairSync('ml-dsa-65')];
  const signature = sign(null, DATA, small.privateKey);
  const algorithm = { type: 'ml-dsa-44', digest: undefined } as const;
  assert.ok(verifySignature({ algorithm, key: small.publicKey, data: DATA, signature }));
  assert.ok(!verifySignature({ algorithm, key: large.publicKey, data: DATA, signature }));
});

const NAMED = [
  ['2.16.840.1.101.3.4.4.1', 'ML-KEM-512'],
  ['2.16.840.1.101.3.4.4.2', 'ML-KEM-768'],
  ['2.16.840.1.101.3.4.4.3', 'ML-KEM-1024'],
  ['2.16.840.1.101.3.4.3.20', 'SLH-DSA-SHA2-128s'],
  ['2.16.840.1.101.3.4.3.31', 'SLH-DSA-SHAKE-256f'],
  ['2.16.840.1.101.3.4.3.33', 'HashML-DSA-65'],
] as const;
for (const [id, name] of NAMED)
  test(`a key of ${name} is refused by name`, () =>
    assert.throws(() => readPublicKey(sequence(sequence(oid(id)), bitString(Buffer.alloc(1952)))), {
      message: `the public key is not supported: ${name} (${id})`,
    }));
