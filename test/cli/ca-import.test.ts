/** `ca import`: an issuing CA of another program. */
import assert from 'node:assert/strict';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readPkcs12 } from '../../src/keys/pkcs12/pkcs12.ts';
import { run } from '../app/installation.ts';

const vectors = new URL('../vectors/pkcs12/', import.meta.url);
const contentOf = (name: string) => readFileSync(new URL(name, vectors), 'utf8');
const vector = (name: string) => {
  const { pkcs12, passphrase } = JSON.parse(contentOf(`${name}.json`)) as { pkcs12: string; passphrase: string };
  return { bytes: Buffer.from(pkcs12, 'base64'), passphrase };
};
const key = (): KeyObject => {
  const { bytes, passphrase } = vector('openssl-3');
  const [der] = readPkcs12(bytes, 'vector', passphrase).keys;
  return createPrivateKey({ key: Buffer.from(der!), format: 'der', type: 'pkcs8' });
};

function folderWith(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>, passphrase = 'pass phrase') {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-import-'));
  process.env['IMPORT_TEST'] = passphrase;
  t.after(() => {
    delete process.env['IMPORT_TEST'];
    rmSync(folder, { recursive: true });
  });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o600 });
  const at = (name: string): string => join(folder, name);
  return { at, imported: (...options: string[]) => run('ca', 'import', at('pki'), ...options) };
}
const PASSPHRASE = ['--passphrase-env', 'IMPORT_TEST'];
const PEMS = { 'ca.pem': contentOf('ca.pem'), 'root.pem': contentOf('root.pem') };

test('a PKCS#12 file of Windows becomes an installation that check accepts, its key encrypted', async (t) => {
  const { at, imported } = folderWith(t, { 'ca.pfx': vector('windows-aes').bytes });
  const { code, out, err } = await imported('--file', at('ca.pfx'), ...PASSPHRASE);
  assert.equal(code, 0, err);
  assert.match(err, /^warning: Windows: CN=Vector CA: it names no revocation list/);
  assert.match(out, /wrote .*issuing-ca\.key\.pem\n[^]*Next: openndes check/);
  assert.match(readFileSync(at('pki/certs/issuing-ca.key.pem'), 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY/);
  assert.equal(statSync(at('pki/certs/issuing-ca.key.pem')).mode & 0o777, 0o600);
  assert.equal(readFileSync(at('pki/certs/chain.pem'), 'utf8'), PEMS['ca.pem'] + PEMS['root.pem']);
  assert.equal((await run('check', '--config', at('pki/openndes.yaml'))).code, 0);
});

const FORMS: Readonly<Record<string, (key: KeyObject) => string | Buffer>> = {
  'PKCS#8, PEM': (key) => key.export({ type: 'pkcs8', format: 'pem' }),
  'PKCS#8, DER': (key) => key.export({ type: 'pkcs8', format: 'der' }),
  'PKCS#8, DER, encrypted': (key) =>
    key.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: 'pass phrase' }),
  'PKCS#8, PEM, encrypted': (key) =>
    key.export({ type: 'pkcs8', format: 'pem', cipher: 'des-ede3-cbc', passphrase: 'pass phrase' }),
  'the traditional form of OpenSSL': (key) => key.export({ type: 'sec1', format: 'pem' }),
  'the traditional form, encrypted': (key) =>
    key.export({ type: 'sec1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'pass phrase' }),
};
for (const [form, made] of Object.entries(FORMS))
  test(`a certificate with its key as ${form}`, async (t) => {
    const { at, imported } = folderWith(t, { ...PEMS, key: made(key()) });
    const { code, err } = await imported(
      '--file',
      at('ca.pem'),
      '--key',
      at('key'),
      '--chain',
      at('root.pem'),
      ...PASSPHRASE,
    );
    assert.equal(code, 0, err);
    assert.equal((await run('check', '--config', at('pki/openndes.yaml'))).code, 0);
  });

test('all in one PEM file, without a passphrase', async (t) => {
  const all = `${PEMS['root.pem']}${key().export({ type: 'pkcs8', format: 'pem' }).toString()}${PEMS['ca.pem']}`;
  const { at, imported } = folderWith(t, { 'all.pem': all });
  assert.equal((await imported('--file', at('all.pem'))).code, 0);
  assert.equal((await run('check', '--config', at('pki/openndes.yaml'))).code, 0);
});

const other = () => readPkcs12(vector('openssl-3').bytes, 'x', 'pass phrase').certificates[0]!;
const REFUSED: readonly [string, Readonly<Record<string, string | Uint8Array>>, readonly string[], RegExp][] = [
  [
    'a wrong passphrase',
    { f: vector('windows-3des').bytes },
    PASSPHRASE,
    /f: the passphrase of this file is wrong, or the file is damaged\nGive the passphrase/,
  ],
  ['no passphrase', { f: vector('windows-3des').bytes }, [], /f: the passphrase of this file is missing/],
  [
    'a damaged file',
    { f: vector('windows-3des').bytes.subarray(0, 400) },
    PASSPHRASE,
    /f: length exceeds the input .*\nExport the CA again/,
  ],
  [
    'a certificate without a key',
    { f: PEMS['ca.pem'] },
    [],
    /f: there is no private key in it\nName the file with the key/,
  ],
  ['octets that are nothing', { f: 'nonsense' }, [], /f: not a certificate\nIt must be a certificate in PEM or DER/],
  [
    'the root missing',
    { f: `${PEMS['ca.pem']}${key().export({ type: 'pkcs8', format: 'pem' }).toString()}` },
    [],
    /CN=Vector CA: the chain ends here, and this is not a root\nAdd the certificate of CN=Vector Root/,
  ],
  [
    'a certificate of another key',
    { f: `${PEMS['root.pem']}${key().export({ type: 'pkcs8', format: 'pem' }).toString()}` },
    [],
    /f: no certificate is that of the key\nExport the CA with its private key and its own/,
  ],
  [
    'a key that OpenSSL 1.0 has encrypted',
    { f: PEMS['ca.pem'] + readFileSync(new URL('../ca/md5-des-key.pem', vectors), 'utf8') },
    PASSPHRASE,
    /f: this private key is encrypted in an old way that OpenSSL 3 does not read\nEncrypt it anew: openssl pkcs8 -topk8/,
  ],
  ['DER of a certificate alone', { f: other() }, [], /f: there is no private key in it/],
];
for (const [name, files, options, sentence] of REFUSED)
  test(`ca import of ${name}: one sentence, exit 78, and nothing is written`, async (t) => {
    const { at, imported } = folderWith(t, files, 'wrong');
    const { code, err } = await imported('--file', at('f'), ...options);
    assert.equal(code, 78);
    assert.match(err, sentence);
    assert.equal(existsSync(at('pki')), false);
  });
