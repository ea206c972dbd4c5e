/** A key with a `padding` property: what it changes, and what it does not. */
import assert from 'node:assert/strict';
import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  sign,
  verify,
} from 'node:crypto';
import { test } from 'node:test';
import { withPkcs1 } from '../../src/pkix/with-pkcs1.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicKey = createPublicKey(privateKey);
const MESSAGE = Buffer.from('content key');
const PKCS1 = constants.RSA_PKCS1_PADDING;
const OAEP = constants.RSA_PKCS1_OAEP_PADDING;
const PSS = constants.RSA_PKCS1_PSS_PADDING;

test('encryption and decryption with the bare key are PKCS#1 v1.5, not OAEP', () => {
  const fresh = createPublicKey(privateKey);
  const byOptions = publicEncrypt({ key: fresh, padding: PKCS1 }, MESSAGE);
  assert.throws(() => privateDecrypt(privateKey, byOptions), /oaep/i);
  assert.deepEqual(privateDecrypt(withPkcs1(privateKey), byOptions), MESSAGE);
  const byKey = publicEncrypt(withPkcs1(fresh), MESSAGE);
  assert.deepEqual(privateDecrypt({ key: privateKey, padding: PKCS1 }, byKey), MESSAGE);
});

test('options around the key take precedence', () => {
  const ciphertext = publicEncrypt({ key: withPkcs1(publicKey), padding: OAEP, oaepHash: 'sha256' }, MESSAGE);
  const options = { key: withPkcs1(privateKey), padding: OAEP, oaepHash: 'sha256' };
  assert.deepEqual(privateDecrypt(options, ciphertext), MESSAGE);
});

test('signatures do not change, RSASSA-PSS included', () => {
  const signature = sign('sha256', MESSAGE, withPkcs1(privateKey));
  assert.ok(verify('sha256', MESSAGE, createPublicKey(privateKey), signature));
  assert.ok(verify('sha256', MESSAGE, withPkcs1(publicKey), signature));
  const pss = sign('sha256', MESSAGE, { key: withPkcs1(privateKey), padding: PSS });
  assert.ok(verify('sha256', MESSAGE, { key: withPkcs1(publicKey), padding: PSS }, pss));
});
