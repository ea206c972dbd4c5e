/** `openndes enroll` and its folder: renewals, repeats, and that no key or certificate is lost. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { certificateFolder } from '../../src/cli/certificate-folder.ts';
import { writePrivateFile } from '../../src/app/files.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { readCertificationRequest } from '../../src/pkix/csr.ts';
import { newRsaKey } from '../kit/keys.ts';
import { fields, installed, rows, run, type Said } from '../app/installation.ts';

const context = { fetch, clock: systemClock, random: systemRandom };
const SAN = ['--san', 'dns:laptop.example.com', '--san', 'upn:ada@example.com'];

async function withServer(t: TestContext, change?: (config: string) => string) {
  const installation = await installed(t, change);
  const { url } = await installation.started();
  const dir = join(installation.folder, 'laptop');
  const enroll = (...args: string[]): Promise<Said> => run('enroll', url, ...args);
  const first = (...more: string[]): Promise<Said> =>
    enroll('--subject', 'CN=laptop', ...SAN, '--challenge', installation.challenge, '--out', dir, ...more);
  return { ...installation, url, dir, enroll, first };
}

const certificateIn = (dir: string): X509Certificate => new X509Certificate(readFileSync(join(dir, 'certificate.pem')));
const contents = (dir: string): Record<string, string> =>
  Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'utf8')]));

test('P01 the folder has key, certificate and chain, and only the owner can read the key', async (t) => {
  const { dir, first } = await withServer(t);
  const said = await first('--json');
  assert.equal(said.code, 0, said.err);
  const { status, files, subject } = fields(said);
  assert.deepEqual([status, subject], ['success', 'CN=laptop']);
  assert.deepEqual(
    files,
    ['key.pem', 'certificate.pem', 'chain.pem'].map((name) => join(dir, name)),
  );
  assert.equal(statSync(join(dir, 'key.pem')).mode & 0o777, 0o600);
  const certificate = certificateIn(dir);
  assert.ok(certificate.checkPrivateKey(certificateFolder(dir).ownKey()!.privateKey));
});

for (const place of ['in its own folder', 'into another folder'] as const)
  test(`N01 --renew ${place}: a new key, the same names, without challenge`, async (t) => {
    const { dir, folder, first, enroll } = await withServer(t);
    await first();
    const before = certificateIn(dir);
    const out = place === 'in its own folder' ? dir : join(folder, 'renewed');
    const renewed = await enroll('--renew', dir, '--out', out);
    assert.equal(renewed.code, 0, renewed.err);
    const after = certificateIn(out);
    assert.notEqual(after.serialNumber, before.serialNumber);
    assert.notDeepEqual(after.publicKey.export({ format: 'jwk' }), before.publicKey.export({ format: 'jwk' }));
    assert.deepEqual([after.subject, after.subjectAltName], [before.subject, before.subjectAltName]);
    assert.ok(after.checkPrivateKey(certificateFolder(out).ownKey()!.privateKey));
    assert.deepEqual(readdirSync(out).toSorted(), ['certificate.pem', 'chain.pem', 'key.pem']);
    assert.equal((await enroll('--renew', out, '--out', out)).code, 0);
  });

test('N05 --renew with another name is refused (exit 2), and key and certificate are unchanged', async (t) => {
  const { dir, first, enroll } = await withServer(t);
  await first();
  const before = contents(dir);
  for (const other of [
    ['--subject', 'CN=ceo'],
    ['--san', 'upn:administrator@example.com'],
  ]) {
    const refused = await enroll('--renew', dir, '--out', dir, ...other);
    assert.equal(refused.code, 2, refused.err);
    assert.deepEqual(contents(dir), before);
  }
});

test('N07 --renew is refused where renewal is disabled', async (t) => {
  const { dir, first, enroll } = await withServer(t, (config) =>
    config.replace('profile: device', 'profile: device\n    renewal: false'),
  );
  await first();
  assert.equal((await enroll('--renew', dir, '--out', dir)).code, 2);
});

test('N04 --renew outside the window of the profile is refused', async (t) => {
  const { dir, first, enroll } = await withServer(t, (config) =>
    config.replace('{ validity: 365d,', '{ validity: 365d, renewBefore: 30d,'),
  );
  await first();
  assert.equal((await enroll('--renew', dir, '--out', dir)).code, 2);
});

test('only --force replaces an existing certificate', async (t) => {
  const { dir, first } = await withServer(t);
  await first();
  const before = contents(dir);
  const refused = await first();
  assert.equal(refused.code, 78);
  assert.match(refused.err, /there is a certificate in .*laptop already\n.*--renew.*--out.*--force/);
  assert.deepEqual(contents(dir), before);
  assert.equal((await first('--force')).code, 0);
  assert.notEqual(certificateIn(dir).serialNumber, new X509Certificate(before['certificate.pem']!).serialNumber);
  assert.notEqual(contents(dir)['key.pem'], before['key.pem']);
});

test('a refusal leaves no files, so that the next command makes a new request', async (t) => {
  const { dir, enroll, first } = await withServer(t);
  const wrong = await enroll('--subject', 'CN=laptop', '--challenge', 'wrong', '--out', dir);
  assert.equal(wrong.code, 2);
  assert.deepEqual(readdirSync(dir), []);
  assert.equal((await first()).code, 0);
});

test('an existing key without certificate is used', async (t) => {
  const { dir, first } = await withServer(t);
  const key = newRsaKey();
  writePrivateFile(join(dir, 'key.pem'), privateKeyPem(key.privateKey));
  assert.equal((await first()).code, 0);
  assert.ok(certificateIn(dir).checkPrivateKey(key.privateKey));
  assert.equal(contents(dir)['key.pem'], privateKeyPem(key.privateKey));
});

/** Runs with this `fetch` for every message to the server. Returns the number of messages. */
async function through(send: (real: () => Promise<Response>) => Promise<Response>, work: () => Promise<void>) {
  const { fetch: real } = globalThis;
  let messages = 0;
  globalThis.fetch = (input, init) => {
    if (new URL(new Request(input).url).searchParams.get('operation') !== 'PKIOperation') return real(input, init);
    messages++;
    return send(() => real(input, init));
  };
  try {
    await work();
  } finally {
    globalThis.fetch = real;
  }
  return messages;
}

/** Leaves the folder as a run does that ends before the reply arrives. */
async function cutOff(dir: string, first: () => Promise<Said>): Promise<void> {
  await through(
    () => Promise.reject(new Error('cut off')),
    async () => assert.equal((await first()).code, 1),
  );
  assert.deepEqual(readdirSync(dir).toSorted(), ['waiting.csr', 'waiting.key.pem']);
  assert.equal(statSync(join(dir, 'waiting.csr')).mode & 0o777, 0o600);
}

test('interrupted before the request arrived: the same command polls, and then sends the same request', async (t) => {
  const { dir, first, cli } = await withServer(t);
  await cutOff(dir, first);
  const { key } = certificateFolder(dir).waiting()!;
  const messages = await through(
    (real) => real(),
    async () => assert.equal((await first()).code, 0),
  );
  assert.equal(messages, 2);
  assert.ok(certificateIn(dir).checkPrivateKey(key.privateKey));
  assert.equal(rows(await cli('certs', 'list', '--json')).length, 1);
});

test('I08 interrupted before the reply arrived: the same command fetches the certificate, and no second one is issued', async (t) => {
  const { dir, first, cli, url } = await withServer(t);
  await cutOff(dir, first);
  const { key, csr } = certificateFolder(dir).waiting()!;
  const { subject } = readCertificationRequest(csr);
  await enroll(await discover(url, context), { subject, key, csr }, context);
  const [issued, ...others] = rows(await cli('certs', 'list', '--json'));
  assert.equal(others.length, 0);
  const messages = await through(
    (real) => real(),
    async () => assert.equal((await first()).code, 0),
  );
  assert.equal(messages, 1);
  assert.equal(certificateIn(dir).serialNumber.toLowerCase().replace(/^0+/, ''), issued!['serial']!.replace(/^0+/, ''));
  assert.equal(rows(await cli('certs', 'list', '--json')).length, 1);
});

test('while a request waits, a command with another name is refused', async (t) => {
  const { dir, first, enroll } = await withServer(t);
  await cutOff(dir, first);
  const before = contents(dir);
  const other = await enroll('--subject', 'CN=ceo', '--out', dir);
  assert.equal(other.code, 78);
  assert.match(other.err, /another certificate waits in .*\n.*waiting\.csr/);
  assert.deepEqual(contents(dir), before);
});

test('an unreachable server leaves the folder unchanged', async (t) => {
  const { folder } = await installed(t);
  const dir = join(folder, 'laptop');
  const { code } = await run('enroll', 'http://127.0.0.1:1/scep', '--subject', 'CN=laptop', '--out', dir);
  assert.equal(code, 1);
  assert.ok(!existsSync(dir));
});

test('a subject is required', async (t) => {
  const { dir, enroll } = await withServer(t);
  const { code, err } = await enroll('--challenge', 'x', '--out', dir);
  assert.equal(code, 1);
  assert.match(err, /--subject is needed/);
  assert.ok(!existsSync(dir));
});

test('--renew without a certificate names the missing file', async (t) => {
  const { dir, enroll } = await withServer(t);
  mkdirSync(dir);
  const { code, err } = await enroll('--renew', dir, '--out', dir);
  assert.equal(code, 78);
  assert.match(err, /certificate\.pem: there is no such file/);
  rmSync(dir, { recursive: true });
});
