/** The identity of a request: what a poll knows of it, and behind that a whole hash over all that it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredCertificate } from '../../src/core/records.ts';
import { keyHash, pollKey, recogniseAgain } from '../../src/enroll/identify.ts';
import { readCertificationRequest, withoutProof } from '../../src/pkix/csr.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { client, ra } from '../kit/pki.ts';
import { CSR } from '../kit/requests.ts';

const csr = withoutProof(readCertificationRequest(CSR));
const other = { ...csr, der: Buffer.concat([csr.der, Buffer.of(0)]) };

const keyOf = (transactionId: string, request = csr, name = '/scep', signer = client, signedBy?: StoredCertificate) =>
  recogniseAgain(
    {
      header: {
        transactionId,
        transactionIdDer: Buffer.of(),
        senderNonceDer: undefined,
        messageType: '',
        digest: 'sha256',
      },
      replyTo: {
        signerCertificate: signer.certificate,
        signerKey: readPublicKey(signer.key.spki),
        transport: { scheme: 'pkcs1' },
        cipher: 'aes-128-cbc',
      },
    },
    request,
    signedBy,
    { name },
  ).transaction.key;

test('a key begins with what a poll knows, and the rest is a hash that no part of it shortens', () => {
  const key = keyOf('T');
  assert.match(key, /^[0-9a-f]{96}$/);
  assert.ok(key.startsWith(pollKey('/scep', 'T', keyHash(client.key.spki))));
  assert.equal(keyOf('T'), key);
});

test('another request, or another certificate that signed it, is another key under the same poll', () => {
  const renewed = { thumbprint: 'AB' } as StoredCertificate;
  const keys = [keyOf('T'), keyOf('T', other), keyOf('T', csr, '/scep', client, renewed)];
  assert.equal(new Set(keys).size, 3);
  assert.equal(new Set(keys.map((key) => key.slice(32))).size, 3);
  assert.equal(new Set(keys.map((key) => key.slice(0, 32))).size, 1);
});

test('another endpoint, transactionID or signer is another poll', () => {
  const keys = [keyOf('T'), keyOf('U'), keyOf('T', csr, '/other'), keyOf('T', csr, '/scep', ra), keyOf('T2', csr)];
  assert.equal(new Set(keys.map((key) => key.slice(0, 32))).size, keys.length);
});
