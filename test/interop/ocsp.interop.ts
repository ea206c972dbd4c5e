/** The OCSP responder, asked and verified by `openssl ocsp` and by the package of Go, under an RSA and an EC CA. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { signingLater } from '../../src/app/ocsp-signers.ts';
import { createIssuingCa, createOcspSigner, createRoot } from '../../src/ca/create.ts';
import { httpServer } from '../../src/http/http-server.ts';
import { generateKey, type KeyChoice, type SoftwareKey } from '../../src/keys/software.ts';
import { ocspResponder } from '../../src/ocsp/ocsp-responder.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { issuerIdentity } from '../../src/pkix/issuer-id.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor, issuanceFor } from '../../src/testing/store-samples.ts';
import { output } from './kit/children.ts';

const clock = (): Date => new Date();
const wanted = (subject: string, key: SoftwareKey) => ({
  subject,
  key,
  validity: 86_400_000,
  backdate: 3_600_000,
  clock,
  random: (length: number) => randomBytes(length),
});

/** A responder that listens: its URL, the files of its CA, a good and a revoked serial number. */
async function responder(t: TestContext, kind: KeyChoice) {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-ocsp-'));
  const store = await openSqliteStore({ path: ':memory:', clock });
  const [rootKey, key, signerKey] = [generateKey(kind), generateKey(kind), generateKey(kind)];
  const root = await createRoot(wanted('CN=Interop Root', rootKey), {});
  const certificate = await createIssuingCa(wanted('CN=Interop CA', key), { certificate: root, key: rootKey });
  const { issuerId, name } = issuerIdentity(certificate);
  const serials = [];
  for (const n of [1, 2]) {
    const { certificate: sample, ...issuance } = issuanceFor(n);
    await store.recordIssued({ ...issuance, certificate: { ...sample, issuerId, issuer: name } });
    serials.push(sample.serial);
  }
  const [good = '', revoked = ''] = serials;
  await store.revoke({ issuerId, serial: revoked }, 'keyCompromise', { ...auditFor(2, 'revoked'), at: clock() });
  const own = await createOcspSigner(wanted('CN=Interop OCSP', signerKey), { certificate, key });
  const signer = { certificate: own, key: signingLater(signerKey) };
  const cas = [{ certificate, signer: () => signer }];
  const answer = ocspResponder({ cas, store, validity: 600_000, maxAge: 60_000, nonIssued: 'unknown', clock });
  const app = await httpServer({ services: [], emit: () => {}, clock, ocsp: new Map([['ca', answer]]) });
  t.after(async () => {
    await app.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'root.pem'), certificatePem(root));
  writeFileSync(join(folder, 'ca.pem'), certificatePem(certificate));
  const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/ocsp/ca`;
  return { url, folder, good, revoked };
}

const NEVER = '0abc';

for (const kind of ['p256', 'rsa-2048'] as const) {
  test(`openssl ocsp verifies three answers in one, with a nonce and without, under a CA of ${kind}`, async (t) => {
    const { url, folder, good, revoked } = await responder(t, kind);
    const ask = (...options: string[]): Promise<string> => {
      const serials = [good, revoked, NEVER].flatMap((serial) => ['-serial', `0x${serial}`]);
      const files = '-issuer ca.pem -CAfile root.pem -verify_other ca.pem'.split(' ');
      return output('sh', ['-c', 'openssl ocsp "$@" 2>&1', 'sh', ...options, ...files, '-url', url, ...serials], {
        cwd: folder,
      });
    };
    for (const options of [[], ['-no_nonce'], ['-sha256']]) {
      const said = await ask(...options);
      assert.match(said, /Response verify OK/);
      assert.match(said, new RegExp(`0x${good}: good`));
      assert.match(said, new RegExp(`0x${revoked}: revoked[^]*Reason: keyCompromise`));
      assert.match(said, new RegExp(`0x${NEVER}: unknown`));
      assert.doesNotMatch(said, /WARNING/);
    }
  });

  test(`the package of Go verifies answers by POST, under a CA of ${kind}`, async (t) => {
    const { url, folder, good, revoked } = await responder(t, kind);
    const ask = (serial: string): Promise<string> =>
      output(join(import.meta.dirname, '../../node_modules/.bin/read-go'), ['ocsp', url, 'ca.pem', serial], {
        cwd: folder,
      });
    assert.deepEqual(
      [await ask(good), await ask(revoked), await ask(NEVER)].map((text) => text.trim()),
      ['good 0', 'revoked 1', 'unknown 0'],
    );
  });
}
