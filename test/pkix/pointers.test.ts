/** The URIs in certificates: as written here, and in the forms that others write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { readCertificate, writeCertificate } from '../../src/pkix/certificate.ts';
import { authorityInfoAccess, crlDistributionPoint } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { OID } from '../../src/pkix/oids.ts';
import { pointersIn } from '../../src/pkix/pointers.ts';
import type { Extension } from '../../src/core/request.ts';
import { ecKey } from '../kit/keys.ts';

async function pointers(...extensions: Extension[]) {
  const key = ecKey('pointers');
  const name = nameFromText('CN=pointers');
  const [notBefore, notAfter] = [new Date('2026-01-01'), new Date('2027-01-01')];
  const plan = { serialNumber: Uint8Array.of(1), issuer: name, subject: name, notBefore, notAfter, spki: key.spki };
  return pointersIn(readCertificate(await writeCertificate({ ...plan, extensions }, key)));
}

const points = (hex: string): Extension => ({
  oid: OID.cRLDistributionPoints,
  critical: false,
  value: Buffer.from(hex, 'hex'),
});

test('revocation lists, OCSP and the issuer, in the order of the certificate', async () => {
  assert.deepEqual(await pointers(), []);
  assert.deepEqual(
    await pointers(
      crlDistributionPoint(['http://a.example/a.crl', 'ldap://b.example/b']),
      authorityInfoAccess({ ocsp: ['http://o.example/'], caIssuers: ['http://i.example/ca.cer'] }),
    ),
    [
      { kind: 'crl', uri: 'http://a.example/a.crl' },
      { kind: 'crl', uri: 'ldap://b.example/b' },
      { kind: 'ocsp', uri: 'http://o.example/' },
      { kind: 'caIssuers', uri: 'http://i.example/ca.cer' },
    ],
  );
});

test('a point with reasons, a name that is no URI, and a point without a name', async () => {
  // Two points: { [0] { [0] { dNSName "x", URI "u" } }, [1] reasons } and { [2] cRLIssuer }.
  assert.deepEqual(
    await pointers(points('301a300e a008a0068201788601758102 0780 3008a206 8204 61626364'.replaceAll(' ', ''))),
    [{ kind: 'crl', uri: 'u' }],
  );
});

test('what is no list of points is an error', async () => {
  await assert.rejects(pointers(points('0400')), DerError);
});
