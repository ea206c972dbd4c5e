/** The rules of Windows, Android and Apple for CA certificates. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { X509Certificate } from 'node:crypto';
import { readCaCertificate } from '../../src/ca/ca-certificate.ts';
import { createIssuingCa } from '../../src/ca/create.ts';
import { brokenRules } from '../../src/ca/platform-rules.ts';
import type { CaLimits } from '../../src/ca/ca-limits.ts';
import { generateKey, softwareKey } from '../../src/keys/software.ts';
import { writeCertificate } from '../../src/pkix/certificate.ts';
import { basicConstraints, keyUsage } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { generateKeyPairSync } from 'node:crypto';
import { NOW, root, wanted, YEAR } from './authority-under-test.ts';

const key = generateKey('p256');
const top = readCaCertificate(root.certificate, NOW);
const brokenBy = (certificate: Uint8Array): string[] =>
  brokenRules([readCaCertificate(certificate, NOW), top]).map(({ platform, what }) => `${platform}: ${what}`);
const issuing = (limits: CaLimits) => createIssuingCa(wanted('CN=Issuing', key, YEAR), root, limits);
const CRL = { crl: ['http://pki.example.com/crl/root.crl'] };

test('an issuing CA with a CDP and no purposes breaks no rule', async () => {
  assert.deepEqual(brokenBy(await issuing(CRL)), []);
});

test('Windows: NPS checks every CA below the root, so each needs a CDP; the root needs none', async () => {
  assert.deepEqual(brokenBy(await issuing({})), [
    'Windows: CN=Issuing: it names no revocation list (CDP), and NPS refuses a client when it cannot check each CA below the root',
  ]);
});

test('Windows: purposes without clientAuth exclude EAP-TLS below them', async () => {
  const [serverAuth, clientAuth, any] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2', '2.5.29.37.0'] as const;
  const withPurposes = async (...extendedKeyUsage: string[]) => brokenBy(await issuing({ ...CRL, extendedKeyUsage }));
  assert.deepEqual(await withPurposes(serverAuth), [
    'Windows: CN=Issuing: its extendedKeyUsage allows serverAuth and not clientAuth',
  ]);
  assert.deepEqual(await withPurposes(serverAuth, clientAuth), []);
  assert.deepEqual(await withPurposes(any), []);
});

test('Windows: an ML-DSA key, which older Windows does not know', async () => {
  const subject = wanted('CN=Issuing', generateKey('ml-dsa-44'), YEAR);
  assert.deepEqual(brokenBy(await createIssuingCa(subject, root, CRL)), [
    'Windows: CN=Issuing: its key is ML-DSA, which Windows knows from 11 24H2 and Server 2025 on',
  ]);
});

test('Apple and Android: a CA below the root signed with SHA-1; Apple: a short RSA key', async () => {
  const short = softwareKey(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey);
  const plan = {
    serialNumber: Uint8Array.of(1),
    issuer: top.subject,
    subject: nameFromText('CN=Old'),
    notBefore: NOW,
    notAfter: new Date(NOW.getTime() + YEAR),
    spki: short.spki,
    extensions: [
      basicConstraints(true, 0),
      keyUsage(['keyCertSign']),
      { oid: '2.5.29.31', critical: false, value: Uint8Array.of(0x30, 0) },
    ],
  };
  assert.deepEqual(brokenBy(await writeCertificate(plan, root.key, 'sha1')).toSorted(), [
    'Android: CN=Old: it is signed with SHA-1',
    'Apple: CN=Old: it is signed with SHA-1',
    'Apple: CN=Old: its RSA key has 1024 bits, and 2048 are demanded',
  ]);
});

test('Apple: a signature by RSASSA-PSS, also of a root', () => {
  const { raw } = new X509Certificate(readFileSync(new URL('../vectors/ca/pss-ca.pem', import.meta.url)));
  const ca = readCaCertificate(raw, new Date('2027-01-01T00:00:00Z'));
  assert.deepEqual(brokenRules([ca]), [
    {
      platform: 'Apple',
      where: 'Microsoft, Intune troubleshooting: SCEP failures on iOS',
      what: 'CN=PSS CA: it is signed with RSASSA-PSS, which iOS refuses',
    },
  ]);
});
