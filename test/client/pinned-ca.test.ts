/** A pinned CA: what its fingerprint vouches for, and what an attacker adds to GetCACert. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createIssuingCa, createRoot } from '../../src/ca/create.ts';
import { parseFingerprint, pinnedServer } from '../../src/client/pinned-ca.ts';
import { writeCertificate } from '../../src/pkix/certificate.ts';
import { keyUsage } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { client, DAY, issuing, NOW, ra, raFor, root, wanted } from '../kit/pki.ts';

const fingerprintOf = (der: Uint8Array, digest = 'sha256'): string => createHash(digest).update(der).digest('hex');
const server = (...certificates: Uint8Array[]) => ({
  url: 'http://scep.invalid/scep',
  capabilities: new Set<string>(),
  certificates,
  recipient: certificates[0]!,
});
const pinnedTo = (ca: Uint8Array, ...certificates: Uint8Array[]) =>
  pinnedServer(server(...certificates), parseFingerprint(fingerprintOf(ca))!);

/** A certificate of the CA that a device could have: it may encipher keys, and is no RA. */
const device = await writeCertificate(
  {
    serialNumber: Buffer.of(7),
    issuer: nameFromText('CN=Test Issuing'),
    subject: nameFromText('CN=device'),
    notBefore: new Date(NOW.getTime() - DAY),
    notAfter: new Date(NOW.getTime() + DAY),
    spki: rsaKey('device').spki,
    extensions: [keyUsage(['digitalSignature', 'keyEncipherment'])],
  },
  issuing.key,
);

/** A CA of an attacker with the names of ours, and its RA. */
const foreignKey = ecKey('foreign');
const foreignRoot = { key: foreignKey, certificate: await createRoot(wanted('CN=Test Root', foreignKey)) };
const foreign = await createIssuingCa(wanted('CN=Test Issuing', foreignKey), foreignRoot);

test('the root or the issuing CA vouches for the RA to which messages are encrypted', () => {
  const all = [ra.certificate, issuing.certificate, root.certificate];
  const byRoot = pinnedTo(root.certificate, ...all);
  assert.deepEqual([byRoot.recipient, byRoot.certificates], [ra.certificate, all]);
  const byIssuing = pinnedTo(issuing.certificate, ...all);
  assert.deepEqual([byIssuing.recipient, byIssuing.certificates], [ra.certificate, all.slice(0, 2)]);
});

test('an RA of another CA, a certificate signed by itself and one of a device are not trusted', async () => {
  const other = await raFor(rsaKey('other'), 'CN=Other RA');
  const others = [client.certificate, device, foreign, foreignRoot.certificate];
  const pinned = pinnedTo(issuing.certificate, ...others, issuing.certificate, other.certificate);
  assert.deepEqual(pinned.certificates, [issuing.certificate, other.certificate]);
  assert.deepEqual(pinned.recipient, other.certificate);
  assert.deepEqual(pinnedTo(foreign, ra.certificate, foreign).certificates, [foreign]);
});

test('a pinned certificate that is no CA vouches for itself alone', () =>
  assert.deepEqual(pinnedTo(ra.certificate, ra.certificate, issuing.certificate).certificates, [ra.certificate]));

test('a CA that is not in the answer stops the client', () =>
  assert.throws(() => pinnedTo(issuing.certificate, ra.certificate, foreign), /no certificate has the fingerprint/));

for (const [digest, write] of [
  ['sha1', (hex: string) => hex.toUpperCase()],
  ['sha256', (hex: string) => hex.replace(/..(?!$)/g, '$&:')],
  ['sha512', (hex: string) => hex.replace(/.{8}(?!$)/g, '$& ')],
] as const)
  test(`a fingerprint of ${digest}, as programs print it`, () => {
    const hex = fingerprintOf(root.certificate, digest);
    assert.deepEqual(parseFingerprint(write(hex)), { digest, hex });
  });

for (const text of ['', 'abc', 'g'.repeat(64), '0'.repeat(63)])
  test(`"${text.slice(0, 10)}" of ${text.length} characters is no fingerprint`, () =>
    assert.equal(parseFingerprint(text), undefined));
