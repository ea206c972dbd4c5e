/** Other programs that open PKCS#12 files, by their names in docs/pfx.md. A missing one is a failure. */
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPkcs12 } from '../../../src/keys/pkcs12/pkcs12.ts';
import { output } from './children.ts';
import { missing } from './client.ts';

/** What a program finds: certificates and the public key that belongs to the private one, DER in hexadecimal. */
export type Opened = { certificates: string[]; name: string; key: string };
/** Opens `file`, with files of its own in `dir`. Rejects when the password is wrong. */
export type PfxReader = (file: string, password: string, dir: string) => Promise<Opened>;

const certificatesIn = (text: string): string[] =>
  (text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? []).map((pem) =>
    new X509Certificate(pem).raw.toString('hex'),
  );
const octets = (key: KeyObject): string => key.export({ format: 'der', type: 'spki' }).toString('hex');
const publicHalf = (key: KeyObject | string): string => octets(createPublicKey(key));
const first = (text: string, pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';

const openssl: PfxReader = async (file, password) => {
  const text = await output('openssl', ['pkcs12', '-in', file, '-passin', `pass:${password}`, '-nodes']);
  return {
    certificates: certificatesIn(text),
    name: first(text, /friendlyName: (.*)/),
    key: publicHalf(first(text, /(-----BEGIN PRIVATE KEY-----[^]*?-----END PRIVATE KEY-----)/)),
  };
};

/** The private key is seen in another store, into which keytool has imported it. */
const keytool: PfxReader = async (file, password, dir) => {
  const out = join(dir, 'keytool.p12');
  const from = ['-srckeystore', file, '-srcstoretype', 'PKCS12', '-srcstorepass', password];
  const into = ['-destkeystore', out, '-deststoretype', 'PKCS12', '-deststorepass', password];
  const text = await output('keytool', [
    '-list',
    '-rfc',
    '-keystore',
    file,
    '-storetype',
    'PKCS12',
    '-storepass',
    password,
  ]);
  await output('keytool', ['-importkeystore', '-noprompt', ...from, ...into]);
  const [key] = readPkcs12(readFileSync(out), out, password).keys;
  assert.match(text, /Entry type: PrivateKeyEntry/);
  return {
    certificates: certificatesIn(text),
    name: first(text, /Alias name: (.*)/),
    key: publicHalf(createPrivateKey({ key: Buffer.from(key!), format: 'der', type: 'pkcs8' })),
  };
};

/** NSS names a private key by the SHA-1 of its modulus: the certificate in the database with the nickname has the same one. */
const pk12util: PfxReader = async (file, password, dir) => {
  const database = `sql:${dir}`;
  await output('certutil', ['-N', '-d', database, '--empty-password']);
  await output('pk12util', ['-i', file, '-d', database, '-W', password]);
  const [id = '', name = ''] =
    /rsa +([0-9a-f]{40}) +(.*)/.exec(await output('certutil', ['-K', '-d', database]))?.slice(1) ?? [];
  const chain = await output('certutil', ['-L', '-d', database, '-n', name, '-a']);
  const issuers = await output('certutil', ['-L', '-d', database, '-n', 'Test Issuing', '-a']);
  const key = new X509Certificate(chain).publicKey;
  const modulus = Buffer.from(key.export({ format: 'jwk' }).n ?? '', 'base64url');
  assert.equal(createHash('sha1').update(modulus).digest('hex'), id);
  return { certificates: certificatesIn(chain + issuers), name, key: octets(key) };
};

const certtool: PfxReader = async (file, password, dir) => {
  const text = await output('certtool', ['--p12-info', '--inder', '--infile', file, '--password', password]);
  const encrypted = join(dir, 'certtool.pem');
  writeFileSync(
    encrypted,
    first(text, /(-----BEGIN ENCRYPTED PRIVATE KEY-----[^]*?-----END ENCRYPTED PRIVATE KEY-----)/),
  );
  const key = await output('certtool', ['--pubkey-info', '--load-privkey', encrypted, '--password', password]);
  return {
    certificates: certificatesIn(text),
    name: first(text, /Friendly name: (.*)/),
    key: publicHalf(first(key, /(-----BEGIN PUBLIC KEY-----[^]*?-----END PUBLIC KEY-----)/)),
  };
};

const PYTHON = join(import.meta.dirname, '../readers/python');
const pyca: PfxReader = async (file, password) => {
  const python = join(PYTHON, 'target/bin/python');
  if (!existsSync(python)) throw missing(python, '.ci/run builds it');
  return JSON.parse(await output(python, [join(PYTHON, 'pfx.py'), file, password])) as Opened;
};

export const PFX_READERS: Readonly<Record<string, PfxReader>> = {
  OpenSSL: openssl,
  'Java keytool': keytool,
  'NSS pk12util': pk12util,
  'GnuTLS certtool': certtool,
  'pyca/cryptography': pyca,
};
