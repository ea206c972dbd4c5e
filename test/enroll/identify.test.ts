/** The identity of a request: the part that a poll names, and a complete hash over the request behind it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identify, keyHash, pollKey, requestKeyOf } from '../../src/enroll/identify.ts';
import type { OwnCertificate } from '../../src/enroll/renewal.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { readCertificationRequest, withoutProof } from '../../src/pkix/csr.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { certificateFor, client, ra } from '../kit/pki.ts';
import { CSR } from '../kit/requests.ts';
import { endpointUnderTest } from '../kit/endpoint-under-test.ts';
import { allows } from '../kit/policy.ts';

const csr = withoutProof(readCertificationRequest(CSR));
const other = { ...csr, der: Buffer.concat([csr.der, Buffer.of(0)]) };

const under = await endpointUnderTest(allows('none'));

const identified = (transactionId: string, request = csr, name = '/scep', signer = client, signedBy?: OwnCertificate) =>
  identify(
    {
      message: {
        header: {
          transactionId,
          transactionIdDer: Buffer.of(),
          senderNonceDer: undefined,
          messageType: '',
          digest: 'sha256',
        },
        replyTo: {
          signerCertificate: readCertificate(signer.certificate),
          signerKey: readPublicKey(signer.key.spki),
          transport: { scheme: 'pkcs1' },
          cipher: 'aes-128-cbc',
        },
      },
      csr: request,
      signedBy,
    },
    { endpoint: { ...under.endpoint, name }, services: under.services },
  );
const keyOf = (...request: Parameters<typeof identified>) => identified(...request).transaction.key;

test('the key of an order is the identity in the store: neither the signer nor the transactionID is part of it', () => {
  const { request, transaction } = identified('T');
  assert.match(request.requestKey, /^[0-9a-f]{64}$/);
  assert.equal(request.requestKey, transaction.request);
  assert.equal(request.requestKey, requestKeyOf('/scep', csr.der));
  assert.equal(identified('U', csr, '/scep', ra).request.requestKey, request.requestKey);
  assert.notEqual(identified('T', other).request.requestKey, request.requestKey);
  assert.notEqual(identified('T', csr, '/other').request.requestKey, request.requestKey);
});

test('a key begins with the part that a poll names, and a complete hash follows', () => {
  const key = keyOf('T');
  assert.match(key, /^[0-9a-f]{96}$/);
  assert.ok(key.startsWith(pollKey('/scep', 'T', keyHash(client.key.spki))));
  assert.equal(keyOf('T'), key);
});

test('another request, or another certificate that it renews, is another key under the same poll', async () => {
  const { subjectText } = csr;
  const record = {
    ...issuanceFor(1).certificate,
    endpoint: '/scep',
    subject: subjectText,
    notBefore: new Date(0),
    notAfter: new Date('2100-01-01'),
  };
  const view = readCertificate(
    await certificateFor(client.key.spki, { subject: csr.subject, extensions: csr.extensions }),
  );
  const renewed: OwnCertificate = { record, view, kind: 'own', renewals: [], isCompromised: false };
  const keys = [keyOf('T'), keyOf('T', other), keyOf('T', csr, '/scep', client, renewed)];
  assert.equal(new Set(keys).size, 3);
  assert.equal(new Set(keys.map((key) => key.slice(32))).size, 3);
  assert.equal(new Set(keys.map((key) => key.slice(0, 32))).size, 1);
});

test('another endpoint, transactionID or signer is another poll', () => {
  const keys = [keyOf('T'), keyOf('U'), keyOf('T', csr, '/other'), keyOf('T', csr, '/scep', ra), keyOf('T2', csr)];
  assert.equal(new Set(keys.map((key) => key.slice(0, 32))).size, keys.length);
});
