/** `openndes ca rollover`: what GetCACert, GetNextCACert, certificates and lists are before, during and after it. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chownSync, existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import * as pkijs from 'pkijs';
import { startServer } from '../../src/app/configured-server.ts';
import { selfSigned } from '../../src/client/request-message.ts';
import { discover, enroll, exchange } from '../../src/client/scep-client.ts';
import { issuerAndSerialNumber } from '../../src/cms/signed-data.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { installed, rows } from '../app/installation.ts';
import { ecKey, newRsaKey } from '../kit/keys.ts';
import { certificatesOf, contentOf, readSigned } from '../kit/pkijs.ts';
import { ocspRequest, readResponse } from '../ocsp/ocsp-under-test.ts';

const context = { fetch, clock: systemClock, random: systemRandom };
const ROOT_KEY = ['--issuer-key', 'certs/root-ca.key.pem'] as const;

const LIST =
  'crl: [http://pki.example.com/crl/issuing.crl], aia: { caIssuers: [http://pki.example.com/aia/issuing.cer] }, ';

/** An installation with a running server. `roll` runs `ca rollover` and then reloads the server. */
async function rolling(t: TestContext, change = (config: string) => config) {
  const place = await installed(t, (config) => change(config.replace('device: { ', `device: { ${LIST}`)));
  const server = await startServer(place.config, { logLevel: 'silent', workers: 1 });
  t.after(() => server.close());
  const url = server.urls[0]!;
  const issuerKey = ROOT_KEY.map((each) => (each.startsWith('--') ? each : join(place.folder, each)));
  const roll = async (...args: string[]) => {
    const said = await place.cli('ca', 'rollover', ...args);
    await server.reload();
    return said;
  };
  const start = (kind: string, ...more: string[]) => roll('start', kind, ...issuerKey, ...more);
  const device = async (subject: string, extra: object = {}) => {
    const plan = { key: ecKey(subject), subject: nameFromText(subject), challenge: place.challenge, ...extra };
    const reply = await enroll(await discover(url, context), plan, context);
    assert.ok(reply.status === 'success', reply.status);
    return new X509Certificate(reply.certificates[0]!);
  };
  return { ...place, server, url, origin: new URL(url).origin, roll, start, issuerKey, device };
}

type Place = Awaited<ReturnType<typeof rolling>>;
const namesOf = (all: readonly Uint8Array[]) => all.map((der) => new X509Certificate(der).subject);
const asked = async ({ url }: Place, operation: string) => {
  const response = await fetch(`${url}?operation=${operation}`);
  return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) };
};
const caNames = async (place: Place) => namesOf(certificatesOf(readSigned((await asked(place, 'GetCACert')).body)));

async function nextNames(place: Place): Promise<string[] | number> {
  const { status, body } = await asked(place, 'GetNextCACert');
  return status === 200 ? namesOf(certificatesOf(readSigned(contentOf(readSigned(body))))) : status;
}

async function listOf({ origin }: Place, name: string) {
  const response = await fetch(`${origin}/crl/${name}.crl`);
  if (response.status !== 200) return response.status;
  const list = pkijs.CertificateRevocationList.fromBER(await response.arrayBuffer());
  const issuer = list.issuer.typesAndValues[0]!.value.valueBlock.value;
  return { issuer, revoked: list.revokedCertificates?.length ?? 0 };
}

const listUrl = (certificate: X509Certificate): string =>
  /http:\/\/\S+\.crl/.exec(Buffer.from(certificate.raw).toString('latin1'))?.[0] ?? 'none';

const caUrl = (certificate: X509Certificate): string => certificate.infoAccess?.trim() ?? 'none';

const OLD = ['CN=Test Issuing CA RA', 'CN=Test Issuing CA', 'CN=Test Root CA'];
const NEW = ['CN=Test Issuing CA G2 RA', 'CN=Test Issuing CA G2', 'CN=Test Root CA'];

test('a new key: GetNextCACert has the new CA from `start`, GetCACert changes at `finish` alone, and has one RA each time', async (t) => {
  const place = await rolling(t);
  const capabilities = async () => Buffer.from((await asked(place, 'GetCACaps')).body).toString();
  const announces = async () => (await capabilities()).split('\n').includes('GetNextCACert');
  assert.deepEqual([await caNames(place), await nextNames(place), await announces()], [OLD, 404, false]);
  assert.equal((await place.start('--new-key')).code, 0);
  assert.deepEqual([await caNames(place), await nextNames(place), await announces()], [OLD, NEW.slice(1), true]);
  assert.equal((await place.device('CN=between')).issuer, 'CN=Test Issuing CA');
  assert.equal((await place.roll('finish')).code, 0);
  assert.deepEqual([await caNames(place), await nextNames(place), await announces()], [NEW, 404, false]);
  assert.equal((await place.device('CN=after')).issuer, 'CN=Test Issuing CA G2');
});

test('GetNextCACert is signed by the RA of the present CA', async (t) => {
  const place = await rolling(t);
  await place.start('--new-key');
  const signed = readSigned((await asked(place, 'GetNextCACert')).body);
  assert.equal(await signed.verify({ signer: 0 }), true);
  const issuer = signed.signerInfos[0]!.sid as pkijs.IssuerAndSerialNumber;
  const serial = Buffer.from(issuer.serialNumber.valueBlock.valueHexView).toString('hex').toUpperCase();
  const [ra] = certificatesOf(readSigned((await asked(place, 'GetCACert')).body));
  assert.equal(new X509Certificate(ra!).serialNumber, serial.replace(/^00/, ''));
});

test('after `finish` both CAs have their list, certificates name that of their own CA, and GetCRL finds the old one', async (t) => {
  const place = await rolling(t);
  const before = await place.device('CN=before');
  await place.start('--new-key');
  await place.roll('finish');
  const after = await place.device('CN=after');
  assert.deepEqual(
    [listUrl(before), listUrl(after)],
    ['http://pki.example.com/crl/issuing.crl', 'http://pki.example.com/crl/issuing-g2.crl'],
  );
  assert.deepEqual(
    [caUrl(before), caUrl(after)],
    [
      'CA Issuers - URI:http://pki.example.com/aia/issuing.cer',
      'CA Issuers - URI:http://pki.example.com/aia/issuing-g2.cer',
    ],
  );
  assert.equal((await place.cli('certs', 'revoke', before.serialNumber)).code, 0);
  assert.deepEqual(await listOf(place, 'issuing'), { issuer: 'Test Issuing CA', revoked: 1 });
  assert.deepEqual(await listOf(place, 'issuing-g2'), { issuer: 'Test Issuing CA G2', revoked: 0 });
  const key = newRsaKey();
  const certificate = await selfSigned(key, nameFromText('CN=reader'), systemClock, systemRandom);
  const { issuer, serialNumber } = readCertificate(before.raw);
  const content = issuerAndSerialNumber({ issuer, serialNumber });
  const message = { messageType: 'GetCRL', content, signer: { certificate, key }, keyOf: key.spki } as const;
  const reply = await exchange(await discover(place.url, context), message, context);
  assert.ok(reply.status === 'success');
  const list = pkijs.CertificateRevocationList.fromBER(Uint8Array.from(reply.crls[0]!).buffer);
  assert.equal(list.revokedCertificates?.length, 1);
});

test('after `finish` the OCSP responder answers for certificates of both CAs, each by a signer of its CA', async (t) => {
  const place = await rolling(t, (config) => config.replace('ra: auto', 'ra: auto\n    ocsp: {}'));
  const certificateOf = (file: string) => new X509Certificate(readFileSync(join(place.folder, 'certs', file))).raw;
  const before = await place.device('CN=before');
  await place.start('--new-key');
  await place.roll('finish');
  const after = await place.device('CN=after');
  assert.equal((await place.cli('certs', 'revoke', before.serialNumber)).code, 0);
  const answers = [];
  for (const [{ serialNumber }, file] of [
    [before, 'issuing-ca.pem'],
    [after, 'issuing-ca-g2.pem'],
  ] as const) {
    const ca = certificateOf(file);
    const body = Buffer.from(ocspRequest([serialNumber.toLowerCase()], { ca }));
    const headers = { 'content-type': 'application/ocsp-request' };
    const response = await fetch(`${place.origin}/ocsp/issuing`, { method: 'POST', body, headers });
    const { answers: each, signed } = readResponse(new Uint8Array(await response.arrayBuffer()), ca);
    answers.push([...each.map(({ status }) => status), signed]);
  }
  assert.deepEqual(answers, [
    ['revoked', true],
    ['good', true],
  ]);
});

test('after `finish` a device renews with its certificate of the old CA, and one that knows the old RA alone is served', async (t) => {
  const place = await rolling(t);
  const told = await discover(place.url, context);
  const key = newRsaKey();
  const subject = nameFromText('CN=laptop');
  const first = await enroll(told, { key, subject, challenge: place.challenge }, context);
  assert.ok(first.status === 'success');
  await place.start('--new-key');
  await place.roll('finish');
  const signer = { certificate: first.certificates[0]!, key };
  const renewed = await enroll(await discover(place.url, context), { key: newRsaKey(), subject, signer }, context);
  assert.ok(renewed.status === 'success', renewed.status);
  // A device that trusts the CAs of both, and knows the RA of before.
  const { certificates } = await discover(place.url, context);
  const both = { ...told, certificates: [...told.certificates, ...certificates] };
  const plan = { key: ecKey('late'), subject: nameFromText('CN=late'), challenge: place.challenge };
  assert.equal((await enroll(both, plan, context)).status, 'success');
  assert.equal(new X509Certificate(renewed.certificates[0]!).issuer, 'CN=Test Issuing CA G2');
});

test('the same key: name, key and list stay, and certificates of before verify under the renewed certificate', async (t) => {
  const place = await rolling(t);
  const before = await place.device('CN=before');
  const present = new X509Certificate(readFileSync(join(place.folder, 'certs/issuing-ca.pem')));
  assert.equal((await place.start('--same-key', '--days', '4000')).code, 0);
  await place.roll('finish');
  const [, renewed] = certificatesOf(readSigned((await asked(place, 'GetCACert')).body)).map(
    (der) => new X509Certificate(der),
  );
  assert.equal(renewed!.subject, 'CN=Test Issuing CA');
  assert.deepEqual(renewed!.publicKey.equals(present.publicKey), true);
  assert.notEqual(renewed!.fingerprint, present.fingerprint);
  assert.ok(before.checkIssued(renewed!) && before.verify(renewed!.publicKey));
  assert.ok(renewed!.checkIssued(new X509Certificate(readFileSync(join(place.folder, 'certs/root-ca.pem')))));
  const after = await place.device('CN=after');
  assert.equal(listUrl(after), 'http://pki.example.com/crl/issuing.crl');
  assert.deepEqual(await listOf(place, 'issuing'), { issuer: 'Test Issuing CA', revoked: 0 });
  assert.deepEqual((await place.cli('check')).code, 0);
});

test('each step may be repeated, a started rollover is taken back without a trace, and a finished one is not', async (t) => {
  const place = await rolling(t);
  const files = () => readdirSync(join(place.folder, 'certs')).toSorted();
  const before = files();
  assert.equal((await place.roll('abort')).out, 'no rollover was started');
  const early = await place.roll('finish');
  assert.deepEqual([early.code, early.err.includes('no rollover of issuing was started')], [78, true]);
  assert.match((await place.start('--new-key')).out, /^started\n/);
  const started = files();
  assert.match((await place.start('--new-key')).out, /^this rollover has started before\n/);
  assert.deepEqual(files(), started);
  assert.match((await place.roll('abort')).out, /^aborted\n/);
  assert.deepEqual(files(), before);
  assert.deepEqual([await caNames(place), await nextNames(place)], [OLD, 404]);
  await place.start('--new-key');
  assert.match((await place.roll('finish')).out, /^finished\n/);
  assert.match((await place.roll('finish')).out, /^this rollover was finished before\n/);
  const late = await place.roll('abort');
  assert.equal(late.code, 78);
  assert.match(late.err, /the last rollover of issuing is finished/);
  assert.deepEqual(await caNames(place), NEW);
});

test('a second rollover follows the first one: three lists, and the third CA issues', async (t) => {
  const place = await rolling(t);
  for (let round = 0; round < 2; round++) {
    assert.equal((await place.start('--new-key')).code, 0);
    assert.equal((await place.roll('finish')).code, 0);
  }
  assert.equal((await place.device('CN=third')).issuer, 'CN=Test Issuing CA G3');
  const issuers = [];
  for (const name of ['issuing', 'issuing-g2', 'issuing-g3']) issuers.push(await listOf(place, name));
  assert.deepEqual(issuers, [
    { issuer: 'Test Issuing CA', revoked: 0 },
    { issuer: 'Test Issuing CA G2', revoked: 0 },
    { issuer: 'Test Issuing CA G3', revoked: 0 },
  ]);
});

test('a CA that was made elsewhere is taken with its key, and what does not fit is refused with nothing left behind', async (t) => {
  const place = await rolling(t);
  const other = await rolling(t);
  await other.start('--new-key', '--subject', 'CN=Elsewhere CA');
  const at = (file: string) => join(other.folder, 'certs', file);
  const given = ['--certificate', at('issuing-ca-g2.pem'), '--chain', at('issuing-ca-g2.chain.pem')];
  const key = ['--certificate-key', at('issuing-ca-g2.key.pem')];
  const files = readdirSync(join(place.folder, 'certs'));
  const refused = async (...args: string[]) => (await place.roll('start', ...args)).err.split('\n')[0];
  assert.match((await refused('--new-key', ...given)) ?? '', /which key belongs to this certificate\?$/);
  assert.match(
    (await refused('--new-key', ...given, '--certificate-key', join(place.folder, 'certs/root-ca.key.pem'))) ?? '',
    /CN=Elsewhere CA: the key is not the key of this certificate/,
  );
  assert.match((await refused('--same-key', ...given)) ?? '', /CN=Elsewhere CA: not the key of the present CA/);
  assert.match((await refused('--new-key')) ?? '', /the key of CN=Test Root CA must sign the next CA certificate/);
  assert.match(
    (await refused('--new-key', ...place.issuerKey, '--subject', 'CN=Test Issuing CA')) ?? '',
    /it has the name of the present CA/,
  );
  assert.match((await refused()) ?? '', /renewal of the CA certificate, or another CA\?/);
  assert.deepEqual(readdirSync(join(place.folder, 'certs')), files);
  assert.equal((await place.roll('start', '--new-key', ...given, ...key)).code, 0);
  assert.equal((await place.roll('finish')).code, 0);
  assert.equal((await place.device('CN=after')).issuer, 'CN=Elsewhere CA');
});

test('what root has written belongs to the user of the files before it, so that the server can read it', async (t) => {
  const place = await rolling(t);
  const at = (file: string) => join(place.folder, 'certs', file);
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? 65_534 : (process.getuid?.() ?? 0);
  if (isRoot) for (const file of ['issuing-ca.pem', 'issuing-ca.key.pem']) chownSync(at(file), user, user);
  assert.equal((await place.start('--new-key')).code, 0);
  const made = ['issuing-ca-g2.pem', 'issuing-ca-g2.chain.pem', 'issuing-ca-g2.key.pem', 'issuing-ca.rollover.json'];
  assert.deepEqual(
    made.map((file) => statSync(at(file)).uid),
    made.map(() => user),
  );
  assert.equal(statSync(at('issuing-ca-g2.key.pem')).mode, statSync(at('issuing-ca.key.pem')).mode);
});

test('with an RA of the administrator a new key is refused: the RA must be of the CA that issues', async (t) => {
  const place = await rolling(t);
  await place.device('CN=first');
  for (const file of ['ra.pem', 'ra.key.pem'])
    renameSync(join(place.folder, 'certs', file), join(place.folder, `own-${file}`));
  const text = readFileSync(place.config, 'utf8');
  writeFileSync(place.config, text.replace('ra: auto', 'ra: { certificate: own-ra.pem, key: own-ra.key.pem }'));
  const { code, err } = await place.start('--new-key');
  assert.equal(code, 78);
  assert.match(err, /CN=Test Issuing CA RA: the RA was not issued by CN=Test Issuing CA G2/);
  assert.equal(existsSync(join(place.folder, 'certs/issuing-ca.rollover.json')), false);
});

test('a damaged record of the rollovers stops the server and says what to do, and is never taken for none', async (t) => {
  const place = await rolling(t);
  await place.start('--new-key');
  await place.roll('finish');
  const file = join(place.folder, 'certs/issuing-ca.rollover.json');
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, 40));
  const { code, err } = await place.cli('check');
  assert.equal(code, 78);
  assert.match(err, /issuing-ca\.rollover\.json: not a file that `openndes ca rollover` has written\. Restore it/);
});

test('plan says which certificates end when, which endpoints are concerned, and what to do in Intune; it changes nothing', async (t) => {
  const tenant = `tenants: { corp: { tenant: contoso.onmicrosoft.com, clientId: 00000000-0000-0000-0000-000000000000, clientSecret: a-secret-of-the-plan } }\n`;
  const second = '  - { path: /intune, authority: issuing, profile: device, policy: { intune: corp } }\n';
  const place = await rolling(t, (config) => tenant + config + second);
  await place.device('CN=first');
  const files = readdirSync(join(place.folder, 'certs'));
  const { out } = await place.cli('ca', 'rollover', 'plan', '--new-key');
  assert.deepEqual(readdirSync(join(place.folder, 'certs')), files);
  assert.match(out, /^authority issuing: no rollover has started$/m);
  assert.match(
    out,
    /^present CA CN=Test Issuing CA: ends 20\S+, thumbprint [0-9A-F]{40}; issuer id [0-9a-f]{64}; 1 certificates of it have not ended, the last one ends 20\S+$/m,
  );
  assert.match(out, /^endpoint \/intune: profile device, tenant corp$/m);
  assert.match(out, /^CN=Test Issuing CA G2 follows with a new key\./m);
  assert.match(out, /^2\. Intune, before `finish`: add a trusted certificate profile/m);
  await place.start('--new-key');
  assert.match((await place.cli('ca', 'rollover', 'plan')).out, /^next CA CN=Test Issuing CA G2: ends /m);
  await place.roll('finish');
  const after = JSON.parse((await place.cli('ca', 'rollover', 'plan', '--json')).out) as {
    state: string;
    cas: Record<string, unknown>[];
  };
  assert.equal(after.state, 'finished');
  assert.deepEqual(
    after.cas.map(({ role, subject, certificates }) => [role, subject, certificates]),
    [
      ['present', 'CN=Test Issuing CA G2', undefined],
      ['above', 'CN=Test Root CA', undefined],
      ['previous', 'CN=Test Issuing CA', 1],
    ],
  );
});

test('the backup has the record of the rollovers and every CA of them, the next one too', async (t) => {
  const place = await rolling(t);
  await place.start('--new-key');
  await place.roll('finish');
  await place.start('--new-key');
  const archive = join(place.folder, 'all.tar');
  const { code, err } = await place.cli('backup', archive);
  assert.equal(code, 0, err);
  const content = readFileSync(archive, 'latin1');
  const files = ['issuing-ca.rollover.json', 'issuing-ca.key.pem', 'issuing-ca-g2.key.pem', 'issuing-ca-g3.key.pem'];
  for (const file of files) assert.ok(content.includes(`certs/${file}`), file);
});

test('ca show has the CA that issues after a rollover', async (t) => {
  const place = await rolling(t);
  await place.start('--new-key');
  await place.roll('finish');
  const shown = rows(await place.cli('ca', 'show', '--json')).map(({ role, subject }) => [role, subject]);
  assert.deepEqual(shown, [
    ['issuing CA', 'CN=Test Issuing CA G2'],
    ['root', 'CN=Test Root CA'],
    ['RA', 'CN=Test Issuing CA G2 RA'],
  ]);
});
