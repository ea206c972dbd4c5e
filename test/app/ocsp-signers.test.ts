/** The certificates that sign OCSP responses: made, kept, found again and renewed, in a file and in a store of replicas. */
import assert from 'node:assert/strict';
import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import * as pkijs from 'pkijs';
import { signerFile, type SignerPlace, signerSecret } from '../../src/app/ocsp-signer-place.ts';
import {
  type SignerKeeper,
  signerKeeper,
  signerKind,
  signingLater,
  type SignerOf,
} from '../../src/app/ocsp-signers.ts';
import { createRoot } from '../../src/ca/create.ts';
import type { KeyProvider } from '../../src/core/keys.ts';
import { readOcspRequest } from '../../src/ocsp/ocsp-request.ts';
import { responseWriter } from '../../src/ocsp/ocsp-response.ts';
import { certificateExtensions, readCertificate } from '../../src/pkix/certificate.ts';
import { findExtension } from '../../src/pkix/extensions.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { generateKey } from '../../src/keys/software.ts';
import { handClock } from '../kit/clock.ts';
import { rsaKey } from '../kit/keys.ts';
import { keptLog } from '../kit/log.ts';
import { DAY, issuing, wanted } from '../kit/pki.ts';
import { ocspRequest } from '../ocsp/ocsp-under-test.ts';

const CA: SignerOf['ca'] = issuing;

function underTest(t: TestContext, passphrase?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-ocsp-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const clock = handClock();
  const log = keptLog();
  const path = join(folder, 'ca.pem');
  const place = (): SignerPlace => signerFile({ path, ca: issuing.certificate, ...(passphrase && { passphrase }) });
  const keeper = (different: Partial<SignerOf> = {}): SignerKeeper =>
    signerKeeper(
      { authority: 'issuing', ca: CA, kind: 'p256', place: place(), ...different },
      { emit: log.emit, clock },
    );
  return { folder, clock, log, keeper };
}

const certificateOf = ({ current }: SignerKeeper): X509Certificate => new X509Certificate(current()!.certificate);
const file = (folder: string): string => join(folder, readdirSync(folder)[0]!);

test('made when it is missing: for OCSP alone, for thirty days, and not to be asked about', async (t) => {
  const { folder, keeper, log } = underTest(t);
  const made = keeper();
  assert.equal(made.current(), undefined);
  await made.renew();
  const certificate = certificateOf(made);
  const issuer = new X509Certificate(issuing.certificate);
  assert.ok(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
  assert.equal(certificate.subject, 'CN=Test Issuing OCSP');
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.9']);
  assert.deepEqual(
    [certificate.validFromDate.toISOString(), certificate.validToDate.toISOString()],
    ['2026-02-28T12:00:00.000Z', '2026-03-31T12:00:00.000Z'],
  );
  const extensions = certificateExtensions(readCertificate(certificate.raw));
  const noCheck = findExtension(extensions, '1.3.6.1.5.5.7.48.1.5');
  assert.deepEqual([noCheck?.critical, Buffer.from(noCheck!.value).toString('hex')], [false, '0500']);
  assert.equal(Buffer.from(findExtension(extensions, '2.5.29.15')!.value).toString('hex'), '03020780');
  assert.match(readdirSync(folder).join(), /^ocsp-[0-9a-f]{16}\.pem$/);
  assert.equal(statSync(file(folder)).mode & 0o777, 0o600);
  assert.match(
    log.lines.join(''),
    /"subject":"CN=Test Issuing OCSP".*"ends":"2026-03-31T12:00:00.000Z","replaced":false/,
  );
});

test('found again by the next start, its key too, and renewed when half of its time is over', async (t) => {
  const { clock, keeper, log } = underTest(t, 'of the CA');
  const first = keeper();
  await first.renew();
  const again = keeper();
  await again.renew();
  assert.equal(certificateOf(again).serialNumber, certificateOf(first).serialNumber);
  const input = { data: Buffer.of(1), digest: 'sha256', scheme: 'pkcs1' } as const;
  assert.ok(await again.current()!.key.sign(input));
  clock.forward(15 * DAY - 1);
  await first.renew();
  assert.equal(certificateOf(again).serialNumber, certificateOf(first).serialNumber);
  clock.forward(1);
  await first.renew();
  assert.notEqual(certificateOf(again).serialNumber, certificateOf(first).serialNumber);
  // The other process takes over what this one made.
  await again.renew();
  assert.equal(certificateOf(again).serialNumber, certificateOf(first).serialNumber);
  assert.equal(log.lines.length, 2);
});

test('made anew for another kind of key, for one that cannot be opened, and after a clock that was ahead', async (t) => {
  const { folder, clock, keeper } = underTest(t);
  const first = keeper();
  await first.renew();
  const rsa = keeper({ kind: 'rsa-2048' });
  await rsa.renew();
  assert.equal(rsa.current()!.key.kind.type, 'rsa');
  const input = { data: Buffer.of(1), digest: 'sha256', scheme: 'pkcs1' } as const;
  assert.equal((await rsa.current()!.key.sign(input)).length, 256);
  writeFileSync(file(folder), 'damaged', { mode: 0o600 });
  const third = keeper();
  await third.renew();
  assert.equal(third.current()!.key.kind.type, 'ec');
  clock.forward(-1.5 * DAY);
  const fourth = keeper();
  await fourth.renew();
  assert.notEqual(certificateOf(fourth).serialNumber, certificateOf(third).serialNumber);
});

test('used without being kept where the folder cannot be written, and that is said once', async (t) => {
  const { folder, keeper, log } = underTest(t);
  writeFileSync(join(folder, 'a file'), '');
  const place = signerFile({ path: join(folder, 'a file', 'ca.pem'), ca: issuing.certificate });
  const made = keeper({ place });
  await made.renew();
  await made.renew();
  assert.ok(made.current());
  assert.equal(log.lines.length, 2);
  assert.match(log.lines[0]!, /"authority":"issuing".*could not be stored/);
});

test('a CA whose key does not answer: said once a day, tried each time, and the present one stays', async (t) => {
  const { clock, keeper, log } = underTest(t);
  const key: KeyProvider = { ...issuing.key, sign: () => Promise.reject(new Error('the HSM is gone')) };
  const broken = keeper({ ca: { ...issuing, key } });
  await broken.renew();
  await broken.renew();
  assert.equal(broken.current(), undefined);
  assert.equal(log.lines.length, 1);
  assert.match(log.lines[0]!, /the HSM is gone/);
  const working = keeper();
  await working.renew();
  await broken.renew();
  assert.equal(certificateOf(broken).serialNumber, certificateOf(working).serialNumber);
  clock.forward(16 * DAY);
  await broken.renew();
  assert.equal(certificateOf(broken).serialNumber, certificateOf(working).serialNumber);
});

test('of two servers with one store the second takes what the first one wrote', async (t) => {
  const { clock, keeper, folder } = underTest(t);
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  const place = (): SignerPlace => signerSecret('issuing', issuing.certificate, store);
  const [one, other] = [keeper({ place: place() }), keeper({ place: place() })];
  await Promise.all([one.renew(), other.renew()]);
  assert.equal(certificateOf(one).serialNumber, certificateOf(other).serialNumber);
  clock.forward(16 * DAY);
  await one.renew();
  await other.renew();
  assert.equal(certificateOf(one).serialNumber, certificateOf(other).serialNumber);
  assert.deepEqual(readdirSync(folder), []);
});

test('the key of a signer is of the kind of its CA, unless another one is configured', () => {
  const [ec, rsa, pq] = [issuing.key, rsaKey('signer kind'), generateKey('ml-dsa-65')];
  assert.deepEqual(
    [
      signerKind('auto', ec),
      signerKind('auto', rsa),
      signerKind('auto', pq),
      signerKind('p256', rsa),
      signerKind('rsa-2048', ec),
    ],
    ['p256', 'rsa-2048', 'ml-dsa-65', 'p256', 'rsa-2048'],
  );
});

test('the file is PEM with a passphrase where the key of the CA has one', async (t) => {
  const { folder, keeper } = underTest(t, 'of the CA');
  await keeper().renew();
  assert.match(
    readFileSync(file(folder), 'utf8'),
    /^-----BEGIN ENCRYPTED PRIVATE KEY-----[^]*-----BEGIN CERTIFICATE-----/,
  );
});

test('under an ML-DSA CA answers are signed with ML-DSA', async (t) => {
  const { keeper, clock } = underTest(t);
  const key = generateKey('ml-dsa-44');
  const certificate = await createRoot({ ...wanted('CN=PQ', key), clock });
  const signer = keeper({ ca: { certificate, key }, kind: signerKind('auto', key) });
  await signer.renew();
  const { certificate: own } = signer.current()!;
  assert.ok(new X509Certificate(own).verify(new X509Certificate(certificate).publicKey));
  const [id] = readOcspRequest(ocspRequest(['01'])).ids;
  const single = { certId: id!.der, status: { kind: 'good' }, thisUpdate: clock(), nextUpdate: clock() } as const;
  const response = await responseWriter(signer.current()!)({ producedAt: clock(), responses: [single] });
  const basic = pkijs.BasicOCSPResponse.fromBER(
    new Uint8Array(
      pkijs.OCSPResponse.fromBER(new Uint8Array(response)).responseBytes!.response.valueBlock.valueHexView,
    ),
  );
  assert.equal(basic.signatureAlgorithm.algorithmId, '2.16.840.1.101.3.4.3.17');
  const signature = Buffer.from(basic.signature.valueBlock.valueHexView);
  const data = Buffer.from(basic.tbsResponseData.tbsView);
  assert.ok(verify(null, data, new X509Certificate(own).publicKey, signature));
});

test('a signer with an ML-DSA key signs in other threads, without a digest', async () => {
  const key = generateKey('ml-dsa-44');
  const data = Buffer.from('a response');
  const signature = signingLater(key).sign({ data, digest: undefined, scheme: 'pkcs1' });
  assert.ok(signature instanceof Promise);
  assert.ok(verify(null, data, createPublicKey(key.privateKey), await signature));
});
