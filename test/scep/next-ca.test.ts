/** GetNextCACert, read as sscep reads it, as jscep reads it, and judged by openssl and pkijs. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createRa } from '../../src/ca/create.ts';
import { nextCaCertificates } from '../../src/scep/next-ca.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';
import { rsaKey } from '../kit/keys.ts';
import { cmsVerify, openssl, withoutOpenssl } from '../kit/openssl.ts';
import { clock, HOUR, issuing, nextCa, ra, raFor, random, registration, root } from '../kit/pki.ts';
import * as second from '../kit/pkijs.ts';

const next = [nextCa.certificate, root.certificate];
const raws = (all: readonly Uint8Array[]): Buffer[] => all.map((der) => Buffer.from(der));

const { contentType, body } = await nextCaCertificates(next, registration);

test('G08 the content type is its own', () => assert.equal(contentType, 'application/x-x509-next-ca-cert'));

test('G08 openssl verifies the RA and finds the next CA in the content, as sscep does', {
  skip: withoutOpenssl,
}, () => {
  const inner = openssl('pkcs7 -inform DER -in p7 -print_certs'.split(' '), { p7: cmsVerify(body) }).toString();
  const certificates = inner.match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g) ?? [];
  assert.deepEqual(
    certificates.map((pem) => new X509Certificate(pem).raw),
    raws(next),
  );
});

test('G08 pkijs verifies it; the certificates around the content are those of the RA and of the next CA, as jscep reads', async () => {
  const signed = second.readSigned(body);
  assert.ok(await second.verifies(signed));
  assert.deepEqual(second.certificatesOf(signed), raws([ra.certificate, ...next]));
  const inner = second.readSigned(second.contentOf(signed));
  assert.deepEqual(second.certificatesOf(inner), raws(next));
  assert.equal(inner.signerInfos.length, 0);
});

test('A04 G08 of a split RA the signing half signs', async () => {
  const key = rsaKey('ra that signs');
  const wanted = { subject: 'CN=RA Signature', key, validity: HOUR, backdate: HOUR, clock, random };
  const signer = { key, certificate: await createRa(wanted, issuing, 'sign') };
  const split = registrationAuthority(await raFor(rsaKey('ra that opens')), [], signer);
  const signed = second.readSigned((await nextCaCertificates(next, split)).body);
  assert.ok(await second.verifies(signed));
  assert.deepEqual(second.certificatesOf(signed)[0], Buffer.from(signer.certificate));
});
