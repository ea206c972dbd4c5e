/** `ca root`, `ca csr`, `ca sign` and `ca install`: an issuing CA under a root that is offline, and what goes wrong. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createIssuingCa, createRoot } from '../../src/ca/create.ts';
import { writeCaRequest } from '../../src/ca/ca-request.ts';
import { DAY } from '../../src/core/durations.ts';
import { systemRandom } from '../../src/embed/system.ts';
import { generateKey, keyFromPem, privateKeyPem, softwareKey } from '../../src/keys/software.ts';
import { certificatePem, requestPem } from '../../src/pkix/pem.ts';
import { readKeyUsage } from '../../src/pkix/extensions.ts';
import { readRequest } from '../../src/testing/signed-request.ts';
import { run } from '../app/installation.ts';

test('the key and the request of an RA for a CA elsewhere: RSA, with the usages that clients need', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-ra-request-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const csr = (...options: string[]) => run('ca', 'csr', folder, '--ra', '--subject', 'CN=SCEP RA', ...options);
  const { code, out } = await csr('--key', 'rsa-2048');
  assert.equal(code, 0);
  const [key, request] = [join(folder, 'certs/ra.key.pem'), join(folder, 'certs/ra.csr')];
  assert.deepEqual(out.split('\n').slice(0, 2), [`wrote ${key}`, `wrote ${request}`]);
  assert.match(
    out,
    /^Let the CA that issues certify the request, then name certificate and key under `ra`: docs\/backends.md$/m,
  );
  assert.equal(statSync(key).mode & 0o777, 0o600);
  const [, text = ''] = /-----BEGIN CERTIFICATE REQUEST-----([^-]+)/.exec(readFileSync(request, 'utf8')) ?? [];
  const { subjectText, key: kind, extensions } = readRequest(Buffer.from(text, 'base64'));
  assert.deepEqual([subjectText, kind], ['CN=SCEP RA', { type: 'rsa', bits: 2048 }]);
  const usages = extensions.filter(({ oid }) => oid === '2.5.29.15').map(({ value }) => readKeyUsage(value));
  assert.deepEqual(usages, [['digitalSignature', 'keyEncipherment']]);
  const again = await csr();
  assert.deepEqual([again.code, again.err.includes('is already there')], [78, true]);
});

test('an RA with an EC key is refused: clients could not encrypt to it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-ra-request-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { code, err } = await run('ca', 'csr', folder, '--ra', '--subject', 'CN=SCEP RA', '--key', 'p256');
  assert.equal(code, 78);
  assert.equal(err, '--key p256: clients encrypt to an RA\nName an RSA key, such as --key rsa-3072.');
  assert.deepEqual(readdirSync(folder), []);
});

/** A folder of its own for each test, with the paths of its files. */
function ceremony(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-ceremony-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const at = (...path: string[]): string => join(folder, ...path);
  const rootFiles = ['--certificate', at('usb/certs/root-ca.pem'), '--key', `file:${at('usb/certs/root-ca.key.pem')}`];
  const root = (...options: string[]) =>
    run('ca', 'root', at('usb'), '--subject', 'CN=Top,O=Example', '--key', 'p384', ...options);
  const csr = (...options: string[]) =>
    run('ca', 'csr', at('pki'), '--subject', 'CN=Issuing,O=Example', '--key', 'p256', ...options);
  const sign = (...options: string[]) =>
    run('ca', 'sign', ...rootFiles, '--csr', at('pki/certs/issuing-ca.csr'), '--out', at('issued.pem'), ...options);
  const install = (...options: string[]) =>
    run(
      'ca',
      'install',
      at('pki'),
      '--certificate',
      at('issued.pem'),
      '--chain',
      at('usb/certs/root-ca.pem'),
      ...options,
    );
  return { at, folder, root, csr, sign, install };
}

const succeeds = async (said: ReturnType<typeof run>) => {
  const { code, out, err } = await said;
  assert.equal(code, 0, err);
  return { out, err };
};

test('a root, a request, its signature and its installation make a configuration that check accepts', async (t) => {
  const { at, root, csr, sign, install } = ceremony(t);
  await succeeds(root());
  assert.equal(statSync(at('usb/certs/root-ca.key.pem')).mode & 0o777, 0o600);
  const [, requested] = /public key: ([0-9a-f]{64})$/m.exec((await succeeds(csr())).out) ?? [];
  const signed = await succeeds(sign('--crl-url', 'http://pki.example.com/crl/root.crl'));
  assert.match(signed.out, /^signed CN=Issuing,O=Example$/m);
  assert.ok(signed.out.includes(`SHA-256 of the public key: ${requested}`));
  assert.equal((await succeeds(install())).err, '');
  const issued = new X509Certificate(readFileSync(at('pki/certs/issuing-ca.pem')));
  assert.equal(issued.ca, true);
  assert.equal(issued.checkIssued(new X509Certificate(readFileSync(at('usb/certs/root-ca.pem')))), true);
  assert.equal(readFileSync(at('pki/certs/chain.pem'), 'utf8').split('BEGIN').length, 3);
  assert.match((await succeeds(run('check', '--config', at('pki/openndes.yaml')))).out, /Everything is in order/);
  await succeeds(install());
});

test('ca install says which rule of a platform the certificate breaks, and installs it', async (t) => {
  const { root, csr, sign, install } = ceremony(t);
  for (const step of [root, csr, sign]) await succeeds(step());
  const { err } = await succeeds(install());
  assert.match(
    err,
    /^warning: Windows: CN=Issuing,O=Example: it names no revocation list \(CDP\).*IgnoreNoRevocationCheck\)$/,
  );
});

test('names, path length and end are those of ca sign; the end is never after that of the root', async (t) => {
  const { at, root, csr, sign } = ceremony(t);
  await succeeds(root('--days', '100', '--path-length', '1'));
  await succeeds(csr());
  await succeeds(sign('--days', '3650', '--permit', 'dns:example.com'));
  const [top, issued] = [at('usb/certs/root-ca.pem'), at('issued.pem')].map(
    (path) => new X509Certificate(readFileSync(path)),
  );
  assert.equal(issued!.validTo, top!.validTo);
  const { code, err } = await sign('--path-length', '1');
  assert.equal(code, 78);
  assert.match(
    err,
    /^CN=Top,O=Example: its path length 1 allows no CA with path length 1 below it\nUse a path length below 1/,
  );
});

test('keys are encrypted with the passphrase; without it or with another one there is a sentence', async (t) => {
  const { at, root, csr, sign, install } = ceremony(t);
  process.env['CEREMONY_TEST'] = 'correct horse';
  process.env['CEREMONY_WRONG'] = 'battery staple';
  t.after(() => {
    delete process.env['CEREMONY_TEST'];
    delete process.env['CEREMONY_WRONG'];
  });
  const own = ['--passphrase-env', 'CEREMONY_TEST'];
  await succeeds(root(...own));
  await succeeds(csr(...own));
  assert.match(readFileSync(at('pki/certs/issuing-ca.key.pem'), 'utf8'), /BEGIN ENCRYPTED PRIVATE KEY/);
  const wrong = await sign('--passphrase-env', 'CEREMONY_WRONG');
  assert.deepEqual([wrong.code, /the passphrase of this private key is wrong/.test(wrong.err)], [78, true]);
  assert.equal(existsSync(at('issued.pem')), false);
  await succeeds(sign(...own));
  assert.equal((await install('--passphrase-env', 'CEREMONY_WRONG')).code, 78);
  assert.equal(existsSync(at('pki/openndes.yaml')), false);
  await succeeds(install(...own));
  assert.match(readFileSync(at('pki/openndes.yaml'), 'utf8'), /passphrase: "\$\{env:CEREMONY_TEST\}"/);
  assert.equal((await run('check', '--config', at('pki/openndes.yaml'))).code, 0);
});

test('a key that is there already is used by its URI, which the configuration names', async (t) => {
  const { at, root, sign, install } = ceremony(t);
  const key = generateKey('p384');
  writeFileSync(at('hsm.pem'), privateKeyPem(key.privateKey), { mode: 0o600 });
  const uri = ['--key-uri', `file:${at('hsm.pem')}`];
  await succeeds(root());
  await succeeds(run('ca', 'csr', at('pki'), '--subject', 'CN=Issuing,O=Example', ...uri));
  assert.deepEqual(readdirSync(at('pki/certs')), ['issuing-ca.csr']);
  await succeeds(sign());
  await succeeds(install(...uri));
  assert.match(readFileSync(at('pki/openndes.yaml'), 'utf8'), /key: file:\/.*\/hsm\.pem\n/);
  assert.equal((await run('check', '--config', at('pki/openndes.yaml'))).code, 0);
});

test('a key and a certificate that are there are never replaced', async (t) => {
  const { at, root, csr, sign, install } = ceremony(t);
  for (const step of [root, csr, sign, install]) await succeeds(step());
  const before = readFileSync(at('pki/certs/issuing-ca.key.pem'));
  const again = await csr();
  assert.deepEqual(
    [again.code, again.err],
    [78, `${at('pki/certs/issuing-ca.key.pem')} is already there\nChoose another folder; nothing was changed.`],
  );
  assert.deepEqual(readFileSync(at('pki/certs/issuing-ca.key.pem')), before);
  await succeeds(sign());
  const other = await install();
  assert.deepEqual([other.code, /chain\.pem is already there/.test(other.err)], [78, true]);
});

test('an installation that was interrupted after any of its files goes on when it is repeated', async (t) => {
  const { at, root, csr, sign, install } = ceremony(t);
  for (const step of [root, csr, sign, install]) await succeeds(step());
  const files = ['certs/chain.pem', 'certs/issuing-ca.pem', 'challenge.txt', 'openndes.yaml'];
  const first = files.map((name) => readFileSync(at('pki', name), 'utf8'));
  // In the order in which they get their names, each time one more of the last ones is missing.
  for (const name of files.toReversed()) {
    for (const missing of files.slice(files.indexOf(name))) rmSync(at('pki', missing), { force: true });
    await succeeds(install());
    assert.equal((await run('check', '--config', at('pki/openndes.yaml'))).code, 0);
    assert.deepEqual(
      [0, 1, 3].map((index) => readFileSync(at('pki', files[index]!), 'utf8')),
      [0, 1, 3].map((index) => first[index]),
    );
  }
});

test('install writes nothing when a later file is in the way', async (t) => {
  const { at, root, csr, sign, install } = ceremony(t);
  for (const step of [root, csr, sign]) await succeeds(step());
  writeFileSync(at('pki/certs/issuing-ca.pem'), 'something else');
  assert.equal((await install()).code, 78);
  assert.deepEqual(readdirSync(at('pki/certs')).toSorted(), ['issuing-ca.csr', 'issuing-ca.key.pem', 'issuing-ca.pem']);
  assert.equal(existsSync(at('pki/openndes.yaml')), false);
});

/** Certificates that no command makes: what `install` must refuse. */
async function forged(at: (...path: string[]) => string, { ended = false, usage = false } = {}) {
  const random = systemRandom;
  const clock = () => new Date(Date.now() - (ended ? 400 * DAY : 0));
  const base = { clock, random, backdate: 0, validity: 365 * DAY };
  const rootKey = generateKey('p256');
  const root = {
    key: rootKey,
    certificate: await createRoot({ ...base, subject: 'CN=Top', key: rootKey, validity: 9000 * DAY }),
  };
  const key = keyFromPem(readFileSync(at('pki/certs/issuing-ca.key.pem'), 'utf8'), 'key');
  const issued = usage ? root.certificate : await createIssuingCa({ ...base, subject: 'CN=Issuing', key }, root);
  writeFileSync(at('issued.pem'), certificatePem(issued));
  writeFileSync(at('top.pem'), certificatePem(root.certificate));
}

test('an expired CA, a certificate of another key, a missing root and a damaged file are one sentence each, exit 78', async (t) => {
  const { at, root, csr, sign } = ceremony(t);
  const install = (chain = 'top.pem') =>
    run('ca', 'install', at('pki'), '--certificate', at('issued.pem'), '--chain', at(chain));
  for (const step of [root, csr, sign]) await succeeds(step());
  const refused = async (said: ReturnType<typeof run>, sentence: RegExp) => {
    const { code, err } = await said;
    assert.equal(code, 78);
    assert.match(err, sentence);
    assert.equal(existsSync(at('pki/openndes.yaml')), false);
  };
  copyFileSync(at('usb/certs/root-ca.pem'), at('top.pem'));
  const whole = readFileSync(at('issued.pem'), 'utf8');
  writeFileSync(at('issued.pem'), whole.replace(/\n[A-Za-z0-9+/]{10}/, '\nAAAAAAAAAA'));
  await refused(install(), /issued\.pem: not a certificate\nIt must be a certificate in PEM or DER/);
  writeFileSync(at('issued.pem'), whole);
  await refused(
    install('issued.pem'),
    /the chain ends here, and this is not a root\nAdd the certificate of CN=Top,O=Example/,
  );
  await refused(install('nowhere.pem'), /nowhere\.pem: there is no such file/);
  await forged(at, { ended: true });
  await refused(install(), /^CN=Issuing: expired at .*\nRenew this CA certificate\.$/);
  await forged(at, { usage: true });
  await refused(
    install(),
    /^CN=Top: this is the certificate of another key\nGive the certificate that was made from the request/,
  );
});

test('a chain that is too long for its path length is refused', async (t) => {
  const { at, csr } = ceremony(t);
  await succeeds(csr());
  const base = { clock: () => new Date(), random: systemRandom, backdate: 0, validity: 365 * DAY };
  const [rootKey, middleKey] = [generateKey('p256'), generateKey('p256')];
  const root = {
    key: rootKey,
    certificate: await createRoot({ ...base, subject: 'CN=Top', key: rootKey }, { pathLength: 0 }),
  };
  const wide = { key: rootKey, certificate: await createRoot({ ...base, subject: 'CN=Top', key: rootKey }) };
  const middle = {
    key: middleKey,
    certificate: await createIssuingCa({ ...base, subject: 'CN=Middle', key: middleKey }, wide, { pathLength: 1 }),
  };
  const key = keyFromPem(readFileSync(at('pki/certs/issuing-ca.key.pem'), 'utf8'), 'key');
  const issued = await createIssuingCa({ ...base, subject: 'CN=Issuing', key }, middle);
  // In one file, and not in order: the root first.
  writeFileSync(at('all.pem'), certificatePem(root.certificate, issued, middle.certificate));
  const { code, err } = await run('ca', 'install', at('pki'), '--certificate', at('all.pem'));
  assert.equal(code, 78);
  assert.match(err, /^CN=Top: its basicConstraints allow 0 CAs below it, and the chain has 2/);
  writeFileSync(at('all.pem'), certificatePem(wide.certificate, issued, middle.certificate));
  await succeeds(run('ca', 'install', at('pki'), '--certificate', at('all.pem')));
});

const REQUESTS: readonly [string, () => Promise<Uint8Array> | Uint8Array, RegExp][] = [
  [
    'octets that are no request',
    () => Buffer.from('nonsense'),
    /request\.csr: not a certification request: .*\nGive PKCS#10, PEM or DER/,
  ],
  [
    'a signature by another key',
    async () => {
      const der = Buffer.from(await writeCaRequest('CN=X', generateKey('p256')));
      der[der.length - 4]! ^= 1;
      return der;
    },
    /request\.csr: the proof of possession is wrong/,
  ],
  [
    'an RSA key of 1024 bits',
    () => writeCaRequest('CN=X', softwareKey(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey)),
    /request\.csr: RSA key of 1024 bits: too weak for a CA\nMake a new key/,
  ],
];
for (const [name, made, sentence] of REQUESTS)
  test(`ca sign refuses ${name}`, async (t) => {
    const { at, root, sign } = ceremony(t);
    await succeeds(root());
    writeFileSync(at('request.csr'), requestPem(await made()));
    const { code, err } = await sign('--csr', at('request.csr'));
    assert.equal(code, 78);
    assert.match(err, sentence);
    assert.equal(existsSync(at('issued.pem')), false);
  });

test('ca sign refuses a key that is not that of the root, and a CA needs a name', async (t) => {
  const { at, root, csr, sign } = ceremony(t);
  await succeeds(root());
  await succeeds(csr());
  const { code, err } = await sign('--key', `file:${at('pki/certs/issuing-ca.key.pem')}`);
  assert.equal(code, 78);
  assert.match(err, /the key is not that of CN=Top,O=Example\nGive the key that belongs to this certificate/);
  for (const [subject, sentence] of [
    ['', /--subject: a CA needs a name/],
    ['Example', /--subject: not a name attribute: Example/],
  ] as const) {
    const said = await run('ca', 'csr', at('other'), '--subject', subject, '--key', 'p256');
    assert.equal(said.code, 78);
    assert.match(said.err, sentence);
    assert.equal(existsSync(at('other')), false);
  }
});
