/** The request that stands in for bytes that are none must cost what a real one costs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKey } from '../../src/keys/software.ts';
import { provesPossession, readCertificationRequest, writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { readKey, readPublicKey } from '../../src/pkix/public-key.ts';
import { DECOY_REQUEST } from '../../src/scep/decoy.ts';
import { standIn } from '../../src/scep/stand-in.ts';

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

for (const choice of ['rsa-2048', 'rsa-3072', 'p256', 'p384', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const)
  test(`a request for ${choice} that cannot be parsed is stood in for under its own key, with a wrong signature of its length`, async () => {
    const device = generateKey(choice);
    const csr = readCertificationRequest(await writeCertificationRequest({ subject: nameFromText('CN=x') }, device));
    const { request, key } = standIn(readKey(device.spki));
    assert.deepEqual(Buffer.from(key.spki), Buffer.from(device.spki));
    assert.equal(request.algorithm?.type, csr.algorithm?.type);
    assert.ok(Math.abs(request.signature.length - csr.signature.length) <= 3);
    assert.equal(provesPossession(request, key), false);
    assert.equal(standIn(readKey(device.spki), key).key, key, 'the key of the signer is not imported again');
  });

test('where no key can be read, or OpenSSL refuses it, the decoy stands in as it is', () => {
  const offCurve = Buffer.from(generateKey('p256').spki);
  offCurve.fill(1, offCurve.length - 64);
  for (const named of [undefined, readKey(offCurve)]) {
    const { request, key } = standIn(named);
    assert.deepEqual(Buffer.from(request.der), Buffer.from(decoy.der));
    assert.ok(provesPossession(request, key));
  }
});
