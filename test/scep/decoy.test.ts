/** The request that stands in for bytes that are none must cost what a real one costs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { provesPossession, readCertificationRequest } from '../../src/pkix/csr.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { DECOY_REQUEST } from '../../src/scep/decoy.ts';

const decoy = readCertificationRequest(DECOY_REQUEST);

test('it is a whole request: a challenge, an extension, RSA-2048, signed with its own key', () => {
  assert.ok(decoy.challenge);
  assert.equal(decoy.extensions.length, 1);
  assert.deepEqual(decoy.key, { type: 'rsa', bits: 2048 });
  assert.ok(provesPossession(decoy, readPublicKey(decoy.spki)));
});

test('its signature is below every modulus of 2048 bits: under any key OpenSSL computes before it rejects it', () => {
  assert.equal(decoy.signature.length, 256);
  assert.equal(decoy.signature[0], 0);
});
