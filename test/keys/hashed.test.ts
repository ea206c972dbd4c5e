/** What is sent to a key that signs hashes, and how its answer is read. */
import assert from 'node:assert/strict';
import { constants, privateEncrypt, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import { ecdsaSignature } from '../../src/keys/ecdsa-signature.ts';
import { digestInfo } from '../../src/keys/hashed.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';

const DATA = Buffer.from('to be signed');

for (const digest of ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const)
  test(`a DigestInfo with ${digest}, padded by RSA, is the signature that OpenSSL makes`, () => {
    const { privateKey } = rsaKey('digest info');
    const padded = privateEncrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, digestInfo(DATA, digest));
    assert.deepEqual(padded, sign(digest, DATA, privateKey));
  });

for (const curve of ['P-256', 'P-384', 'P-521'])
  test(`r and s of ${curve} become DER, also where they begin with zeros or with a bit that is set`, () => {
    const { privateKey } = ecKey(`raw ${curve}`, curve);
    for (let i = 0; i < 300; i++) {
      const raw = sign('sha256', DATA, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      assert.ok(verify('sha256', DATA, privateKey, ecdsaSignature(raw)));
    }
  });

test('the DER of small numbers is written out', () =>
  assert.deepEqual(
    Buffer.from(ecdsaSignature(Buffer.from('000000800000007f', 'hex'))).toString('hex'),
    '30070202008002017f',
  ));

test('octets that are not two numbers are refused', () => {
  assert.throws(() => ecdsaSignature(new Uint8Array(63)), TypeError);
  assert.throws(() => ecdsaSignature(new Uint8Array()), TypeError);
});
