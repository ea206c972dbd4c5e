/** ML-DSA over HTTP: keys of devices under CAs of any kind, and CAs and revocation lists that are signed with it. */
import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { DerReader } from '../../src/asn1/reader.ts';
import { TAG } from '../../src/asn1/tags.ts';
import { certificateExtensions, readCertificate } from '../../src/pkix/certificate.ts';
import { findExtension, readKeyUsage } from '../../src/pkix/extensions.ts';
import { OID } from '../../src/pkix/oids.ts';
import { readSignatureAlgorithm, verifySignature } from '../../src/pkix/signature.ts';
import type { KeyChoice } from '../../src/keys/software.ts';
import { installed, rows, run } from '../app/installation.ts';

const MANUAL = (config: string) => config.replace('profile: device', 'profile: device\n    approval: manual');
const same = (config: string) => config;
const certificateIn = (...path: string[]) => new X509Certificate(readFileSync(join(...path)));

/** A CA with this kind of key, and `enroll` into `device`; further options may follow. */
async function enrolling(t: TestContext, ca: KeyChoice, change = same) {
  const installation = await installed(t, change, ca);
  const { folder, challenge } = installation;
  const { url, origin } = await installation.started();
  const dir = join(folder, 'device');
  const enroll = (...more: string[]) =>
    run('enroll', url, '--subject', 'CN=device', '--challenge', challenge, '--out', dir, ...more);
  return { ...installation, origin, dir, enroll };
}

/** Checks a certificate of this kind, and the chain up to the root. */
function assertIssued(folder: string, type: string, usages: readonly string[]): void {
  const certificate = certificateIn(folder, 'device/certificate.pem');
  const issuing = certificateIn(folder, 'certs/issuing-ca.pem');
  const root = certificateIn(folder, 'certs/root-ca.pem');
  assert.equal(certificate.publicKey.asymmetricKeyType, type);
  assert.ok(certificate.verify(issuing.publicKey));
  assert.ok(issuing.verify(root.publicKey));
  assert.ok(root.verify(root.publicKey));
  assert.ok(createPublicKey(readFileSync(join(folder, 'device/key.pem'))).equals(certificate.publicKey));
  const usage = findExtension(certificateExtensions(readCertificate(certificate.raw)), OID.keyUsage)!;
  assert.deepEqual(readKeyUsage(usage.value), usages);
}

const SIGNS = ['digitalSignature'];
for (const key of ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const) {
  test(`a device gets a certificate for ${key} under an ECDSA CA, by POST`, async (t) => {
    const { folder, enroll } = await enrolling(t, 'p256');
    const { code, err } = await enroll('--key', key);
    assert.equal(code, 0, err);
    assertIssued(folder, key, SIGNS);
  });

  test(`a CA with ${key} issues for RSA and for ${key}, and signs its revocation list`, async (t) => {
    const { folder, enroll, origin } = await enrolling(t, key);
    for (const [kind, type, usages] of [
      ['rsa-2048', 'rsa', ['digitalSignature', 'keyEncipherment']],
      [key, key, SIGNS],
    ] as const) {
      const { code, err } = await enroll('--key', kind, '--force');
      assert.equal(code, 0, err);
      if (kind === 'rsa-2048') assertIssued(folder, type, usages);
    }
    const list = Buffer.from(await (await fetch(`${origin}/crl/issuing.crl`)).arrayBuffer());
    assert.ok(signedBy(list, certificateIn(folder, 'certs/issuing-ca.pem')));
  });
}

test('ml-dsa-87 under an RSA CA by GET: request and certificate of some 8 KB pass the URL', async (t) => {
  const { folder, enroll } = await enrolling(t, 'rsa-2048');
  const { code, err } = await enroll('--key', 'ml-dsa-87', '--get');
  assert.equal(code, 0, err);
  assertIssued(folder, 'ml-dsa-87', SIGNS);
});

test('a request for ML-DSA that waits is polled with the key that signed it', async (t) => {
  const { folder, enroll, dir, cli } = await enrolling(t, 'p256', MANUAL);
  assert.equal((await enroll('--key', 'ml-dsa-65')).code, 3);
  assert.deepEqual(readdirSync(dir).toSorted(), ['waiting.csr', 'waiting.key.pem', 'waiting.signer.pem']);
  assert.equal((await enroll('--key', 'ml-dsa-65')).code, 3);
  const [waiting] = rows(await cli('certs', 'pending', '--json'));
  assert.equal(waiting!['key'], 'ML-DSA-65 15616');
  assert.equal((await cli('certs', 'approve', waiting!['id']!)).code, 0);
  const { code, err } = await enroll('--key', 'ml-dsa-65');
  assert.equal(code, 0, err);
  assertIssued(folder, 'ml-dsa-65', SIGNS);
  assert.ok(!existsSync(join(dir, 'waiting.signer.pem')));
});

test('an ML-DSA certificate signs its renewal where a one-time password encrypts the reply, and badAlg without', async (t) => {
  const oneTime = (config: string) => config.replace(/policy: \{ static: .*$/m, 'policy: { oneTime: { max: 5 } }');
  const { folder, dir, cli, origin } = await enrolling(t, 'p256', oneTime);
  const url = `${origin}/certsrv/mscep/mscep.dll`;
  const enroll = (...more: string[]) => run('enroll', url, '--key', 'ml-dsa-44', '--out', dir, ...more);
  const challenge = async () => (await cli('challenge', 'new')).out.match(/[0-9A-F]{16}/)![0];
  assert.equal((await enroll('--subject', 'CN=device', '--challenge', await challenge())).code, 0);
  const first = certificateIn(dir, 'certificate.pem').serialNumber;
  const refused = await enroll('--renew', dir);
  assert.deepEqual(
    [refused.code, refused.out],
    [2, 'refused: failInfo badAlg (An algorithm of the message is not accepted.)'],
  );
  const { code, err } = await enroll('--renew', dir, '--challenge', await challenge());
  assert.equal(code, 0, err);
  assertIssued(folder, 'ml-dsa-44', SIGNS);
  assert.notEqual(certificateIn(dir, 'certificate.pem').serialNumber, first);
});

/** CertificateList, DER: RFC 5280 5.1.1. */
function signedBy(der: Uint8Array, { publicKey: key }: X509Certificate): boolean {
  const list = DerReader.over(der).sequence();
  const data = list.raw(TAG.sequence);
  const algorithm = readSignatureAlgorithm(list.sequence());
  return algorithm !== undefined && verifySignature({ algorithm, key, data, signature: list.bitString() });
}
