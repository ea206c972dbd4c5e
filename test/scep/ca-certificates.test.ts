import assert from 'node:assert/strict';
import { test } from 'node:test';
import { X509Certificate } from 'node:crypto';
import { caCertificates, caChain } from '../../src/scep/ca-certificates.ts';
import { openssl, withoutOpenssl } from '../kit/openssl.ts';
import { issuing, ra, root } from '../kit/pki.ts';
import * as second from '../kit/pkijs.ts';

const chain = [issuing.certificate, root.certificate];
const all = [ra.certificate, ...chain].map((der) => Buffer.from(der));

test('A01 RA mode: a degenerate SignedData, RA first, then the issuing CA, the root last', () => {
  const { contentType, body } = caCertificates([ra.certificate], chain);
  assert.equal(contentType, 'application/x-x509-ca-ra-cert');
  const signed = second.readSigned(body);
  assert.deepEqual(second.certificatesOf(signed), all);
  assert.equal(signed.version, 1);
  assert.equal(signed.signerInfos.length, 0);
  assert.equal(signed.encapContentInfo.eContentType, '1.2.840.113549.1.7.1');
  assert.equal(signed.encapContentInfo.eContent, undefined);
});

test('A01 openssl reads it in the same order', { skip: withoutOpenssl }, () => {
  const { body } = caCertificates([ra.certificate], chain);
  const printed = openssl(['pkcs7', '-inform', 'DER', '-in', 'p7', '-print_certs'], { p7: body }).toString();
  const certificates = printed.match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g) ?? [];
  assert.deepEqual(
    certificates.map((pem) => new X509Certificate(pem).raw),
    all,
  );
});

test('A02 without an RA and with one certificate: the certificate as it is', () =>
  assert.deepEqual(caCertificates([], [root.certificate]), {
    contentType: 'application/x-x509-ca-cert',
    body: root.certificate,
  }));
test('A02 without an RA and with a chain: a degenerate SignedData', () =>
  assert.equal(caCertificates([], chain).contentType, 'application/x-x509-ca-ra-cert'));

test('A04 split RA: the order is kept, signing certificate first, encrypting one second', () => {
  const encrypting = root.certificate;
  const { contentType, body } = caCertificates([ra.certificate, encrypting], [issuing.certificate]);
  assert.equal(contentType, 'application/x-x509-ca-ra-cert');
  assert.deepEqual(
    second.certificatesOf(second.readSigned(body)),
    [ra.certificate, encrypting, issuing.certificate].map((der) => Buffer.from(der)),
  );
});

for (const [what, ras, cas] of [
  ['with an RA', [ra.certificate], chain],
  ['of one certificate', [], [root.certificate]],
] as const)
  test(`A07 the chain ${what} is a degenerate SignedData`, () => {
    const { contentType, body } = caChain(ras, cas);
    assert.equal(contentType, 'application/x-x509-ca-ra-cert-chain');
    const signed = second.readSigned(body);
    assert.deepEqual(
      second.certificatesOf(signed),
      [...ras, ...cas].map((der) => Buffer.from(der)),
    );
    assert.equal(signed.signerInfos.length, 0);
  });
