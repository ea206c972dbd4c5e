import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { bitString, nullValue, octetString, oid, sequence, unsignedInteger } from '../../src/asn1/writer.ts';
import { OID } from '../../src/pkix/oids.ts';
import { readKeyKind, readPublicKey } from '../../src/pkix/public-key.ts';

const DER = { format: 'der', type: 'spki' } as const;
const ACCEPTED: ReadonlyArray<readonly [string, number, () => Buffer]> = [
  ['rsa', 1024, () => generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export(DER)],
  ['rsa', 2048, () => generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey.export(DER)],
  ['rsa', 3072, () => generateKeyPairSync('rsa', { modulusLength: 3072 }).publicKey.export(DER)],
  ['ec', 256, () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export(DER)],
  ['ec', 384, () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export(DER)],
  ['ec', 521, () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey.export(DER)],
  ['ed25519', 256, () => generateKeyPairSync('ed25519').publicKey.export(DER)],
];
for (const [type, bits, make] of ACCEPTED)
  test(`public key ${type} of ${bits} bits`, () => {
    const spki = make();
    const { kind, key } = readPublicKey(spki);
    assert.deepEqual(kind, { type, bits });
    assert.deepEqual(readKeyKind(spki), kind);
    assert.deepEqual(key.export(DER), spki);
  });

/** A SubjectPublicKeyInfo, DER, with these numbers; not a usable RSA key. */
const rsa = (bits: number, exponent: Uint8Array, ...parameters: Uint8Array[]): Uint8Array => {
  const modulus = Buffer.alloc(bits / 8, 0xff);
  return sequence(
    sequence(oid(OID.rsaEncryption), nullValue, ...parameters),
    bitString(sequence(unsignedInteger(modulus), unsignedInteger(exponent))),
  );
};
const F4 = Buffer.of(1, 0, 1);
const point = (curve: string, content: Uint8Array) =>
  sequence(sequence(oid(OID.ecPublicKey), oid(curve)), bitString(content));
const negative = sequence(
  sequence(oid(OID.rsaEncryption), nullValue),
  bitString(sequence(Buffer.concat([Buffer.of(2, 0x82, 1, 0), Buffer.alloc(256, 0xff)]), unsignedInteger(F4))),
);

const REFUSED: ReadonlyArray<readonly [string, Uint8Array | (() => Uint8Array), RegExp]> = [
  ['S02 exponent of 65,537 bits', rsa(2048, Buffer.concat([Buffer.of(1), Buffer.alloc(8192, 1)])), /exponent/],
  ['S02 modulus of 16,384 bits', rsa(16_384, F4), /16384 bits/],
  ['modulus of 8,200 bits', rsa(8200, F4), /8200 bits/],
  ['modulus of 1,016 bits', rsa(1016, F4), /1016 bits/],
  ['modulus of zero', rsa(0, F4), /bits/],
  ['exponent 1', rsa(2048, Buffer.of(1)), /exponent/],
  ['exponent 0', rsa(2048, Buffer.of(0)), /exponent/],
  ['even exponent', rsa(2048, Buffer.of(1, 0, 0)), /exponent/],
  ['exponent of five octets', rsa(2048, Buffer.of(1, 0, 0, 0, 1)), /exponent/],
  ['two parameters', rsa(2048, F4, octetString(Buffer.from('junk'))), /octets left/],
  ['negative modulus', negative, /not minimally|negative/],
  ['point off the curve', point(OID.p256, Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)])), /OpenSSL refuses/],
  ['point at infinity', point(OID.p256, Buffer.of(0)), /wrong length/],
  ['no point at all', point(OID.p256, Buffer.of()), /wrong length/],
  ['point in hybrid form', point(OID.p256, Buffer.alloc(65, 6)), /wrong length/],
  ['point of another curve', point(OID.p384, Buffer.alloc(65, 4)), /wrong length/],
  ['curve secp256k1', point('1.3.132.0.10', Buffer.alloc(65, 4)), /not supported: secp256k1 \(1\.3\.132\.0\.10\)/],
  ['a curve without a name', point('1.2.3.4', Buffer.alloc(65, 4)), /not supported: 1\.2\.3\.4$/],
  ['X25519', () => generateKeyPairSync('x25519').publicKey.export(DER), /not supported: X25519 \(1\.3\.101\.110\)/],
  [
    'DSA',
    () => generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).publicKey.export(DER),
    /not supported: DSA /,
  ],
];
for (const [what, spki, message] of REFUSED)
  test(`${what}: no public key that is read`, () =>
    assert.throws(
      () => readPublicKey(typeof spki === 'function' ? spki() : spki),
      (error) => error instanceof DerError && message.test(error.message),
    ));
