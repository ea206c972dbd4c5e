import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import { DerReader } from '../../src/asn1/reader.ts';
import { explicit } from '../../src/asn1/tags.ts';
import { encode, nullValue, oid, sequence, smallInteger } from '../../src/asn1/writer.ts';
import type { Digest } from '../../src/core/keys.ts';
import {
  digestFor,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
  signatureIdentifier,
  type SignatureToVerify,
  verifySignature,
} from '../../src/pkix/signature.ts';

const DATA = Buffer.from('what is signed');
const DIGESTS: readonly Digest[] = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'];
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');

const read = (identifier: Uint8Array): SignatureAlgorithm | undefined =>
  readSignatureAlgorithm(DerReader.over(identifier).sequence());

function proves(algorithm: SignatureAlgorithm, key: KeyObject, signature: Buffer, digest?: Digest): void {
  const right: SignatureToVerify = { algorithm, key, data: DATA, signature, ...(digest && { digest }) };
  assert.ok(verifySignature(right));
  assert.ok(!verifySignature({ ...right, data: Buffer.concat([DATA, Buffer.of(0)]) }), 'other data');
  const changed = Buffer.from(signature);
  changed[changed.length - 1]! ^= 1;
  assert.ok(!verifySignature({ ...right, signature: changed }), 'changed signature');
}

for (const digest of DIGESTS)
  for (const [kind, pair] of [
    [{ type: 'rsa', bits: 2048 }, rsa],
    [{ type: 'ec', bits: 256 }, ec],
  ] as const)
    test(`signature ${kind.type} with ${digest}`, () => {
      const algorithm = read(signatureIdentifier(kind, digest));
      assert.deepEqual(algorithm, { type: kind.type, digest });
      proves(algorithm, pair.publicKey, sign(digest, DATA, pair.privateKey));
    });

test('signature ed25519', () => {
  const algorithm = read(sequence(oid('1.3.101.112')));
  assert.deepEqual(algorithm, { type: 'ed25519', digest: undefined });
  proves(algorithm, ed25519.publicKey, sign(null, DATA, ed25519.privateKey));
});

const HASHES: Readonly<Record<Digest, string>> = {
  sha1: '1.3.14.3.2.26',
  sha224: '2.16.840.1.101.3.4.2.4',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};
const hash = (digest: Digest) => sequence(oid(HASHES[digest]), nullValue);
const mgf1 = (digest: Digest) => sequence(oid('1.2.840.113549.1.1.8'), hash(digest));
const pss = (...parameters: Uint8Array[]) => sequence(oid('1.2.840.113549.1.1.10'), sequence(...parameters));
const signPss = (digest: Digest, saltLength: number) =>
  sign(digest, DATA, { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });

for (const [digest, saltLength] of [
  ['sha256', 32],
  ['sha384', 48],
  ['sha512', 0],
] as const)
  test(`P05 signature RSASSA-PSS with ${digest} and ${saltLength} octets of salt`, () => {
    const salt = encode(explicit(2), smallInteger(saltLength));
    const algorithm = read(pss(encode(explicit(0), hash(digest)), encode(explicit(1), mgf1(digest)), salt));
    assert.deepEqual(algorithm, { type: 'rsa', digest, pss: { saltLength } });
    proves(algorithm, rsa.publicKey, signPss(digest, saltLength));
    const signed = { algorithm, key: rsa.publicKey, data: DATA };
    assert.ok(!verifySignature({ ...signed, signature: signPss(digest, saltLength + 1) }), 'other salt length');
    assert.ok(!verifySignature({ ...signed, signature: sign(digest, DATA, rsa.privateKey) }), 'other padding');
  });

test('P05 RSASSA-PSS parameters by default: SHA-1 and 20 octets of salt (RFC 4055 3.1)', () => {
  const algorithm = read(pss());
  assert.deepEqual(algorithm, { type: 'rsa', digest: 'sha1', pss: { saltLength: 20 } });
  proves(algorithm, rsa.publicKey, signPss('sha1', 20));
});

test('P05 RSASSA-PSS whose hashes differ or are unknown is not supported', () => {
  assert.equal(read(pss(encode(explicit(0), hash('sha256')))), undefined);
  assert.equal(read(pss(encode(explicit(0), sequence(oid('1.2.840.113549.2.5'))))), undefined);
  assert.equal(read(pss(encode(explicit(1), sequence(oid('1.2.3'), hash('sha1'))))), undefined);
});

test('P04 an algorithm that does not name the digest takes it from the message', () => {
  const algorithm = read(sequence(oid('1.2.840.113549.1.1.1'), nullValue));
  assert.deepEqual(algorithm, { type: 'rsa', digest: undefined });
  const signature = sign('sha256', DATA, rsa.privateKey);
  proves(algorithm, rsa.publicKey, signature, 'sha256');
  const signed = { algorithm, key: rsa.publicKey, data: DATA, signature };
  assert.ok(!verifySignature(signed), 'no digest at all');
  assert.ok(!verifySignature({ ...signed, digest: 'sha512' }), 'another digest');
});

test('P04 parameters may be NULL or absent', () => {
  const id = oid('1.2.840.113549.1.1.11');
  assert.deepEqual(read(sequence(id)), read(sequence(id, nullValue)));
});

test('MD5 with RSA and unknown algorithms are not supported', () => {
  for (const id of ['1.2.840.113549.1.1.4', '1.2.840.113549.1.1.2', '1.2.3'])
    assert.equal(read(sequence(oid(id))), undefined);
});

test('a key of another type and a malformed signature do not verify', () => {
  const signature = sign('sha256', DATA, rsa.privateKey);
  const algorithm = { type: 'rsa', digest: 'sha256' } as const;
  const signed: SignatureToVerify = { algorithm, key: rsa.publicKey, data: DATA, signature };
  assert.ok(!verifySignature({ ...signed, algorithm: { ...algorithm, type: 'ec' } }));
  assert.ok(!verifySignature({ ...signed, key: ec.publicKey }));
  for (const octets of [0, 1, 255, 257, 4096])
    assert.ok(!verifySignature({ ...signed, signature: Buffer.alloc(octets, 0xff) }), `${octets} octets`);
  const zeros = Buffer.from('3006020100020100', 'hex');
  const ecdsa = { type: 'ec', digest: 'sha256' } as const;
  assert.ok(!verifySignature({ ...signed, algorithm: ecdsa, key: ec.publicKey, signature: zeros }));
  const hugeSalt = { ...algorithm, pss: { saltLength: 2 ** 31 - 1 } };
  assert.ok(!verifySignature({ ...signed, algorithm: hugeSalt }));
});

test('the digest matches the strength of the key', () => {
  const kinds = [
    { type: 'rsa', bits: 4096 },
    { type: 'ec', bits: 256 },
    { type: 'ec', bits: 384 },
    { type: 'ec', bits: 521 },
  ] as const;
  assert.deepEqual(kinds.map(digestFor), ['sha256', 'sha256', 'sha384', 'sha512']);
  assert.throws(() => signatureIdentifier({ type: 'ed25519', bits: 256 }, 'sha256'), TypeError);
});
