/** AWS Private CA, as the emulator moto has it: it keeps key and names, and ignores template and validity, so that no certificate of it may pass. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { awsPcaBackend } from '../../src/backends/aws-pca/aws-pca-backend.ts';
import type { AwsPcaSdk } from '../../src/backends/aws-pca/aws-pca-sdk.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { certificateRecord } from '../../src/enroll/certificate-record.ts';
import { readCertificate, serialText } from '../../src/pkix/certificate.ts';
import { signedRequest } from '../../src/testing/signed-request.ts';
import { freePort } from '../kit/ports.ts';
import { emulator } from './emulator.ts';

const port = await freePort();
const endpoint = `http://127.0.0.1:${port}`;
await emulator({
  program: join(import.meta.dirname, 'target/bin/moto_server'),
  args: ['-H', '127.0.0.1', '-p', String(port)],
  env: {},
  ready: endpoint,
  install:
    'python3 -m venv test/signers/target && test/signers/target/bin/pip install -r test/signers/requirements.txt',
});
Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });

/** The client of the administrator, who makes the CA. */
type Answer = { CertificateAuthorityArn?: string; CertificateArn?: string; Csr?: string; Certificate?: string };
type Admin = Record<string, new (input: object) => object>;
const sdk = createRequire(import.meta.url)('@aws-sdk/client-acm-pca') as AwsPcaSdk;
const admin = new sdk.ACMPCAClient({ region: 'eu-central-1', endpoint });
after(() => admin.destroy());
const order = (name: string, input: object): Promise<Answer> =>
  admin.send(new (sdk as unknown as Admin)[name]!(input), { abortSignal: AbortSignal.timeout(20_000) });

async function newCa(): Promise<{ arn: string; certificate: Uint8Array }> {
  const { CertificateAuthorityArn: arn } = await order('CreateCertificateAuthorityCommand', {
    CertificateAuthorityType: 'ROOT',
    CertificateAuthorityConfiguration: {
      KeyAlgorithm: 'RSA_2048',
      SigningAlgorithm: 'SHA256WITHRSA',
      Subject: { CommonName: 'Emulated CA' },
    },
  });
  const { Csr } = await order('GetCertificateAuthorityCsrCommand', { CertificateAuthorityArn: arn });
  const { CertificateArn } = await order('IssueCertificateCommand', {
    CertificateAuthorityArn: arn,
    Csr: Buffer.from(Csr!),
    SigningAlgorithm: 'SHA256WITHRSA',
    TemplateArn: 'arn:aws:acm-pca:::template/RootCACertificate/V1',
    Validity: { Type: 'YEARS', Value: 10 },
  });
  const { Certificate } = await order('GetCertificateCommand', { CertificateAuthorityArn: arn, CertificateArn });
  await order('ImportCertificateAuthorityCertificateCommand', {
    CertificateAuthorityArn: arn,
    Certificate: Buffer.from(Certificate!),
  });
  return { arn: arn!, certificate: new X509Certificate(Certificate!).raw };
}

test('the calls have the shapes that the service takes, and the check of every certificate refuses what ignores template and validity', async () => {
  const { arn, certificate } = await newCa();
  const issuer = awsPcaBackend(
    { certificateAuthority: arn, template: 'EndEntityClientAuthCertificate/V1', endpoint },
    {
      sdk,
      clock: () => new Date(),
      place: { profile: DEFAULT_PROFILE, certificate, chain: [] },
      pause: async () => undefined,
      limit: (ms) => AbortSignal.timeout(ms),
    },
  );
  after(() => issuer.close?.());
  const signal = AbortSignal.timeout(20_000);
  assert.deepEqual(await issuer.check!(signal), { ok: true, detail: 'the CA is ACTIVE' });
  const request = await signedRequest();
  const decision = { kind: 'allow', notify: 'none', vouchesForNames: true } as const;
  const issued = await issuer.issue(request, decision, signal);
  assert.ok(issued.kind === 'issued');
  assert.deepEqual(readCertificate(issued.certificate).spki, request.csr.spki);
  assert.throws(
    () => certificateRecord(issued, { request, decision, endpoint: { issuer, chain: [certificate] } }, new Date()),
    /the issuer left out the extendedKeyUsage clientAuth/,
  );
  const serial = serialText(readCertificate(issued.certificate).serialNumber);
  const revocation = { serial, issuer: 'CN=Emulated CA', certificate: issued.certificate, at: new Date() };
  await issuer.revoke!({ ...revocation, reason: 'superseded' }, signal);
});
