/** The CMC requests to AD CS, read by OpenSSL: what is in them, and that the request of the device is there octet by octet. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { cmcRequest } from '../../src/backends/adcs/cmc-request.ts';
import { CSR } from '../kit/requests.ts';

const ATTRIBUTES = { CertificateTemplate: 'OpenNDESDevice', ExpirationDate: 'Tue, 21 Nov 2028 01:06:53 GMT' };
const CMC = cmcRequest(CSR, ATTRIBUTES);

const openssl = (input: Uint8Array, ...args: readonly string[]): Buffer =>
  execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'pipe'] });

test('OpenSSL reads SignedData of version 3 over PKIData, whose one signer does not sign', () => {
  const printed = openssl(CMC, 'cms', '-cmsout', '-print', '-inform', 'DER').toString('utf8');
  assert.match(printed, /contentType: pkcs7-signedData/);
  assert.match(printed, /d\.signedData:\s+version: 3\s/);
  assert.match(printed, /eContentType: id-cct-PKIData/);
  assert.equal(printed.match(/d\.issuerAndSerialNumber/g)?.length, 1);
  assert.match(printed, /serialNumber: 0/);
  assert.match(printed, /signatureAlgorithm:\s+algorithm: id-alg-noSignature .*\s+parameter: NULL/);
});

test('OpenSSL cuts the request of the device out of PKIData as it was, and verifies it', () => {
  // Without attributes of a signer that could be verified, the content is parsed where it begins.
  const content = Buffer.from(CMC).indexOf(Buffer.from(CSR));
  assert.ok(content > 0);
  const rows = openssl(CMC, 'asn1parse', '-inform', 'DER').toString('utf8');
  const [, at = ''] = /(\d+):d=\d+ +hl=\d+ l= *\d+ +prim: +OCTET STRING/.exec(rows) ?? [];
  const inside = openssl(CMC, 'asn1parse', '-inform', 'DER', '-strparse', at).toString('utf8');
  assert.match(inside, /id-cmc-regInfo/);
  assert.match(inside, /:CertificateTemplate=OpenNDESDevice&ExpirationDate=Tue, 21 Nov 2028 01:06:53 GMT/);
  const request = Buffer.from(CMC).subarray(content, content + CSR.length);
  assert.match(openssl(request, 'req', '-inform', 'DER', '-noout', '-verify', '-subject').toString('utf8'), /device-1/);
});
