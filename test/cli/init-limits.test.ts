/** `openndes init`: kinds of keys, and what the issuing CA may certify. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { installed, run } from '../app/installation.ts';

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-init-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'new');
}

const certificateIn = (folder: string, name: string) => new X509Certificate(readFileSync(join(folder, 'certs', name)));

const KINDS = { p256: ['ec', 'prime256v1'], p384: ['ec', 'secp384r1'], 'rsa-3072': ['rsa', 3072] } as const;
for (const [choice, [type, size]] of Object.entries(KINDS))
  test(`init --key ${choice}: a root and an issuing CA with such keys`, async (t) => {
    const folder = newFolder(t);
    assert.equal((await run('init', folder, '--key', choice)).code, 0);
    for (const name of ['root-ca.pem', 'issuing-ca.pem']) {
      const { publicKey } = certificateIn(folder, name);
      const { namedCurve, modulusLength } = publicKey.asymmetricKeyDetails!;
      assert.deepEqual([publicKey.asymmetricKeyType, namedCurve ?? modulusLength], [type, size], name);
    }
  });

test('init --permit and --exclude limit the names of the issuing CA and not those of the root', async (t) => {
  const folder = newFolder(t);
  const asked = ['--permit', 'dns:example.com', '--permit', 'email:example.com', '--exclude', 'dns:x.example.com'];
  assert.equal((await run('init', folder, '--key', 'p256', ...asked)).code, 0);
  const { err, code } = await run('check', '--config', join(folder, 'openndes.yaml'));
  assert.equal(code, 0);
  assert.match(
    err,
    /Issuing CA: its nameConstraints permit only dns:example\.com, email:example\.com; never dns:x\.example\.com/,
  );
  assert.doesNotMatch(err, /Root CA: its nameConstraints/);
});

const WRONG: readonly [readonly string[], RegExp][] = [
  [['--permit', 'example.com'], /^--permit or --exclude: not a subtree of names: example\.com; write dns:/],
  [['--purpose', 'everything'], /^--purpose: everything is not known\nWrite a dotted OID, or one of any/],
  [['--purpose', 'toString'], /^--purpose: toString is not known/],
  [['--crl-url', 'https://pki.example.com/root.crl'], /^--crl-url: not a URL of plain HTTP\nWrite it as http:/],
  [['--aia-url', 'http://pki example.com/'], /^--aia-url: not a URL of plain HTTP/],
];
for (const [options, sentence] of WRONG)
  test(`init ${options.join(' ')} is refused with exit 78, and nothing is written`, async (t) => {
    const folder = newFolder(t);
    const { code, err } = await run('init', folder, '--key', 'p256', ...options);
    assert.equal(code, 78);
    assert.match(err, sentence);
    assert.equal(existsSync(folder), false);
  });

test('export-root and export-issuing write DER, and the second one says what Active Directory needs, and why', async (t) => {
  const { folder, cli } = await installed(t);
  const [root, ca] = [join(folder, 'root.cer'), join(folder, 'ca.cer')];
  assert.equal((await cli('ca', 'export-root', '--out', root)).out, `wrote ${root}`);
  assert.deepEqual(readFileSync(root), certificateIn(folder, 'root-ca.pem').raw);
  const { out } = await cli('ca', 'export-issuing', '--out', ca);
  assert.deepEqual(readFileSync(ca), certificateIn(folder, 'issuing-ca.pem').raw);
  assert.match(out, /\n {2}certutil -dspublish -f ca\.cer NTAuthCA\nSince KB5057784/);
  const { out: pem } = await cli('ca', 'export-issuing');
  assert.deepEqual(new X509Certificate(pem).raw, readFileSync(ca));
});

test('ca show says which platform wants which certificate and thumbprint', async (t) => {
  const { cli } = await installed(t);
  const { out, err } = await cli('ca', 'show');
  assert.match(out, /role: issuing CA\n[^]*use: Root certificate of the SCEP profile on Windows/);
  assert.match(out, /role: root\n[^]*use: Trusted certificate profile of every platform/);
  assert.match(out, /SHA-1 is the thumbprint of Windows \(CAThumbprint\)/);
  assert.match(out, /certutil -dspublish -f ca\.cer NTAuthCA/);
  assert.match(err, /^warning: Windows: CN=Test Issuing CA: it names no revocation list/);
});
