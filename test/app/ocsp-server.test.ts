/** OCSP of a started server: through a revocation by a command, a restart, and the rollover of the CA to a new key. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificatesFrom } from '../../src/app/certificate-files.ts';
import { startServer } from '../../src/app/configured-server.ts';
import { isIssuedBy } from '../../src/app/ra-certificate.ts';
import { createRoot } from '../../src/ca/create.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { generateKey, privateKeyPem } from '../../src/keys/software.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { certificatesOf, readSigned } from '../kit/pkijs.ts';
import { ecKey } from '../kit/keys.ts';
import { wanted } from '../kit/pki.ts';
import { until } from '../kit/until.ts';
import { ocspRequest, readResponse } from '../ocsp/ocsp-under-test.ts';
import { installed } from './installation.ts';

const context = { fetch, clock: systemClock, random: systemRandom };

test('the CA that a request names answers, before and after another key took its place, each with a signer of its own', async (t) => {
  const place = await installed(t, (config) => config.replace(/^( +)(certificate: .*)$/m, '$1$2\n$1ocsp: {}'));
  let server = await startServer(place.config, { logLevel: 'silent', workers: 1 });
  t.after(() => server.close());
  const device = async (subject: string): Promise<X509Certificate> => {
    const plan = { key: ecKey(subject), subject: nameFromText(subject), challenge: place.challenge };
    const reply = await enroll(await discover(server.urls[0]!, context), plan, context);
    assert.ok(reply.status === 'success', reply.status);
    return new X509Certificate(reply.certificates[0]!);
  };
  const caNow = async (): Promise<Uint8Array> => {
    const response = await fetch(`${server.urls[0]!}?operation=GetCACert`);
    const issuerName = (await device(`CN=of-${systemRandom(4).join('-')}`)).issuer;
    const all = certificatesOf(readSigned(new Uint8Array(await response.arrayBuffer())));
    return all.find((der) => new X509Certificate(der).subject === issuerName)!;
  };
  const statusOf = async ({ serialNumber }: X509Certificate, ca: Uint8Array): Promise<unknown[]> => {
    const { origin } = new URL(server.urls[0]!);
    const body = Buffer.from(ocspRequest([serialNumber], { ca }));
    const response = await fetch(`${origin}/ocsp/issuing`, { method: 'POST', body });
    const { status, answers, signed } = readResponse(await response.bytes(), ca);
    return answers[0] ? [answers[0].status, signed] : [status];
  };
  const signers = (): string[] => readdirSync(join(place.folder, 'certs')).filter((name) => name.startsWith('ocsp-'));

  const first = await caNow();
  const [kept, lost] = [await device('CN=kept'), await device('CN=lost')];
  assert.deepEqual(await statusOf(kept, first), ['good', true]);
  assert.equal((await place.cli('certs', 'revoke', lost.serialNumber)).code, 0);
  await until(async () => (await statusOf(lost, first))[0] === 'revoked', 'the revocation');
  const [made] = signers();
  const octets = readFileSync(join(place.folder, 'certs', made!));

  const issuerKey = ['--issuer-key', join(place.folder, 'certs/root-ca.key.pem')];
  assert.equal((await place.cli('ca', 'rollover', 'start', '--new-key', ...issuerKey)).code, 0);
  await server.reload();
  assert.equal((await place.cli('ca', 'rollover', 'finish')).code, 0);
  await server.reload();
  const second = await caNow();
  assert.notEqual(new X509Certificate(second).subject, new X509Certificate(first).subject);
  const renewed = await device('CN=renewed');
  assert.deepEqual(await statusOf(kept, first), ['good', true]);
  assert.deepEqual(await statusOf(lost, first), ['revoked', true]);
  assert.deepEqual(await statusOf(renewed, second), ['good', true]);
  assert.deepEqual(await statusOf(kept, second), ['unknown', true]);

  await server.close();
  server = await startServer(place.config, { logLevel: 'silent', workers: 1 });
  assert.deepEqual(await statusOf(lost, first), ['revoked', true]);
  assert.deepEqual(readFileSync(join(place.folder, 'certs', made!)), octets);
});

test('the key of the signer of a CA from before is encrypted where the key of that CA is', async (t) => {
  const previous = `previous: [{ certificate: certs/old.pem, key: "file:certs/old.key.pem", passphrase: of-the-old }]`;
  const place = await installed(t, (config) =>
    config.replace(/^( +)(certificate: .*)$/m, `$1$2\n$1ocsp: {}\n$1${previous}`),
  );
  const certs = join(place.folder, 'certs');
  const key = generateKey('p256');
  const old = await createRoot({ ...wanted('CN=Old CA', key), clock: systemClock });
  writeFileSync(join(certs, 'old.pem'), certificatePem(old));
  writeFileSync(join(certs, 'old.key.pem'), privateKeyPem(key.privateKey, 'of-the-old'), { mode: 0o600 });
  const server = await startServer(place.config, { logLevel: 'silent', workers: 1 });
  t.after(() => server.close());
  const signers = readdirSync(certs)
    .filter((name) => name.startsWith('ocsp-'))
    .map((name) => readFileSync(join(certs, name), 'utf8'));
  const ofOld = signers.filter((pem) =>
    certificatesFrom(Buffer.from(pem), 'signer').some((der) => isIssuedBy(der, { certificate: old })),
  );
  assert.equal(signers.length, 2);
  assert.match(ofOld.join(), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
});
