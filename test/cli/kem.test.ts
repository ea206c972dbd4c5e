/** `kem: ml-kem-768`: a second RA certificate in GetCACert, made, kept and used by `enroll`. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { getCaCertificates } from '../../src/client/ca-operations.ts';
import { readEnvelopedData } from '../../src/cms/enveloped-data.ts';
import { readSignedData } from '../../src/cms/signed-data.ts';
import { certificateExtensions, readCertificate } from '../../src/pkix/certificate.ts';
import { findExtension, readKeyUsage } from '../../src/pkix/extensions.ts';
import { OID } from '../../src/pkix/oids.ts';
import { installed, run } from '../app/installation.ts';

const KEM = (config: string) => config.replace('profile: device', 'profile: device\n    kem: ml-kem-768');

const kinds = (certificates: readonly Uint8Array[]) =>
  certificates.map((der) => new X509Certificate(der).publicKey.asymmetricKeyType);

/** The bodies of POST, while `work` runs. */
async function posted(work: () => Promise<unknown>): Promise<Uint8Array[]> {
  const bodies: Uint8Array[] = [];
  const before = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    if (init?.body instanceof Uint8Array) bodies.push(init.body);
    return before(input, init);
  };
  try {
    await work();
  } finally {
    globalThis.fetch = before;
  }
  return bodies;
}

test('GetCACert has the RSA RA first, then the ML-KEM one, with keyEncipherment alone and the parameters absent', async (t) => {
  const { folder, started } = await installed(t, KEM);
  const { url } = await started();
  const certificates = await getCaCertificates(fetch, url);
  assert.deepEqual(kinds(certificates), ['rsa', 'ml-kem-768', 'ec', 'ec']);
  const kem = readCertificate(certificates[1]!);
  assert.deepEqual(readKeyUsage(findExtension(certificateExtensions(kem), OID.keyUsage)!.value), ['keyEncipherment']);
  assert.equal(Buffer.from(kem.spki).subarray(0, 22).toString('hex'), '308204b2300b0609608648016503040402038204a100');
  assert.ok(new X509Certificate(kem.der).verify(new X509Certificate(certificates[2]!).publicKey));
  assert.match(new X509Certificate(kem.der).subject, /CN=Test Issuing CA RA KEM/);
  assert.equal(statSync(join(folder, 'certs/ra-kem.key.pem')).mode & 0o077, 0);
});

for (const key of ['rsa-2048', 'p256', 'ml-dsa-65'] as const)
  test(`enroll --key ${key}: the request comes by encapsulation, and the certificate is issued`, async (t) => {
    const { folder, started, challenge } = await installed(t, KEM);
    const { url } = await started();
    const dir = join(folder, 'device');
    const options = ['--subject', 'CN=device', '--challenge', challenge, '--out', dir, '--key', key];
    const messages = await posted(async () => {
      const { code, err } = await run('enroll', url, ...options);
      assert.equal(code, 0, err);
    });
    const { recipients, encapsulations, cipher } = readEnvelopedData(readSignedData(messages[0]!).message!);
    assert.deepEqual([recipients.length, encapsulations.length, cipher?.name], [0, 1, 'aes-256-cbc']);
    const issued = new X509Certificate(readFileSync(join(dir, 'certificate.pem')));
    assert.equal(issued.subject, 'CN=device');
  });

test('the ML-KEM key stays the same after a restart, and without `kem` it is neither made nor served', async (t) => {
  const { started } = await installed(t, KEM);
  const first = await started();
  const before = await getCaCertificates(fetch, first.url);
  await first.close();
  const second = await started();
  assert.deepEqual(await getCaCertificates(fetch, second.url), before);

  const plain = await installed(t);
  const { url } = await plain.started();
  assert.deepEqual(kinds(await getCaCertificates(fetch, url)), ['rsa', 'ec', 'ec']);
  assert.ok(!existsSync(join(plain.folder, 'certs/ra-kem.pem')));
});
