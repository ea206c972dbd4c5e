/** What a new CA allows below it: path length, names, purposes, and the pointers to its issuer. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import type { CaLimits } from '../../src/ca/ca-limits.ts';
import { createIssuingCa } from '../../src/ca/create.ts';
import { constraintsText, readNameConstraints } from '../../src/ca/name-constraints.ts';
import { nameConstraints } from '../../src/ca/name-subtrees.ts';
import { certificateExtensions, readCertificate } from '../../src/pkix/certificate.ts';
import { findExtension, readExtendedKeyUsage, readPathLength } from '../../src/pkix/extensions.ts';
import { OID } from '../../src/pkix/oids.ts';
import { generateKey } from '../../src/keys/software.ts';
import { root, wanted, YEAR } from './authority-under-test.ts';

const key = generateKey('p256');
const made = (limits?: CaLimits) => createIssuingCa(wanted('CN=Issuing', key, YEAR), root, limits);
const valueIn = (certificate: Uint8Array, oid: string) =>
  findExtension(certificateExtensions(readCertificate(certificate)), oid);

test('an issuing CA has path length 0, and no purposes, names or pointers that nobody asked for', async () => {
  const oids = certificateExtensions(readCertificate(await made())).map(({ oid }) => oid);
  assert.deepEqual(oids.toSorted(), ['2.5.29.14', '2.5.29.15', '2.5.29.19', '2.5.29.35']);
  assert.equal(readPathLength(valueIn(await made(), OID.basicConstraints)!.value), 0);
});

test('purposes, names, and where its issuer publishes are written when they are asked for', async () => {
  const certificate = await made({
    names: { permit: ['dns:example.com'], exclude: ['dns:secret.example.com'] },
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
    crl: ['http://pki.example.com/crl/root.crl'],
    caIssuers: ['http://pki.example.com/aia/root.cer'],
  });
  const constraints = valueIn(certificate, OID.nameConstraints)!;
  assert.equal(constraints.critical, true);
  assert.equal(
    constraintsText(readNameConstraints(constraints.value)),
    'only dns:example.com; never dns:secret.example.com',
  );
  assert.deepEqual(readExtendedKeyUsage(valueIn(certificate, OID.extendedKeyUsage)!.value), ['1.3.6.1.5.5.7.3.2']);
  const points = Buffer.from(valueIn(certificate, OID.cRLDistributionPoints)!.value).toString('latin1');
  assert.match(points, /http:\/\/pki\.example\.com\/crl\/root\.crl$/);
  assert.equal(new X509Certificate(certificate).infoAccess, 'CA Issuers - URI:http://pki.example.com/aia/root.cer');
});

test('below a CA with path length 1 there may be one with 0, and below that none', async () => {
  const middle = { key, certificate: await made({ pathLength: 1 }) };
  const below = (pathLength: number) =>
    createIssuingCa(wanted('CN=Below', generateKey('p256'), YEAR), middle, { pathLength });
  assert.equal(readPathLength(valueIn(await below(0), OID.basicConstraints)!.value), 0);
  await assert.rejects(below(1), {
    name: 'ConfigError',
    message: 'CN=Issuing: its path length 1 allows no CA with path length 1 below it',
    remedy: 'Use a path length below 1.',
  });
  const last = { key, certificate: await made() };
  await assert.rejects(createIssuingCa(wanted('CN=Below', key, YEAR), last), {
    message: 'CN=Issuing: its path length 0 allows no CA with path length 0 below it',
  });
});

const DERS: readonly [string, string][] = [
  ['dns:example.com', '300d820b6578616d706c652e636f6d'],
  ['email:example.com', '300d810b6578616d706c652e636f6d'],
  ['uri:.example.com', '300e860c2e6578616d706c652e636f6d'],
  ['ip:10.1.2.3/8', '300a87080a000000ff000000'],
  ['ip:192.168.4.0/22', '300a8708c0a80400fffffc00'],
  ['ip:2001:db8::/32', `30228720${'20010db8'.padEnd(32, '0')}${'ffffffff'.padEnd(32, '0')}`],
  ['directory:O=X', '3010a40e300c310a3008060355040a0c0158'],
];
for (const [text, subtree] of DERS)
  test(`the subtree ${text} is written as RFC 5280 4.2.1.10 says`, () => {
    const { value } = nameConstraints({ permit: [text], exclude: [] })!;
    assert.match(Buffer.from(value).toString('hex'), new RegExp(`${subtree.slice(4)}$`));
    assert.equal(readNameConstraints(value).permitted.length, 1);
  });

for (const text of [
  'example.com',
  'upn:x@example.com',
  'dns:',
  'ip:10.0.0.0',
  'ip:10.0.0.0/33',
  'ip:x/8',
  'uri:http://example.com',
  'directory:example',
])
  test(`${text} is no subtree`, () => {
    assert.throws(() => nameConstraints({ permit: [], exclude: [text] }), DerError);
  });
