/** Problems of the files and keys that a configuration names: all at once, each with its line. */
import assert from 'node:assert/strict';
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openKey } from '../../src/app/key-ring.ts';
import { loadAuthority } from '../../src/app/loaded-authority.ts';
import { type Attempt, ConfigProblems } from '../../src/config/yaml/problems.ts';
import { readConfig } from '../../src/app/configuration-file.ts';
import { loadSettings } from '../../src/app/settings.ts';
import { generateKey, privateKeyPem } from '../../src/keys/software.ts';
import { installed } from './installation.ts';

/** The problems as `line key: what. remedy`, file names without their folder. */
async function problemsOf(config: string, folder: string): Promise<string[]> {
  try {
    await loadSettings(config);
  } catch (error) {
    assert.ok(error instanceof ConfigProblems, String(error));
    const short = (text: string): string => text.replaceAll(`${folder}/`, '');
    return error.problems.map(({ line, key, what, remedy }) => short(`${line} ${key}: ${what}. ${remedy}`));
  }
  return [];
}

const posix = { skip: process.platform === 'win32' };

test('every file that cannot be used is named at once, with its line, its key and its remedy', posix, async (t) => {
  const { folder, config } = await installed(t, (text) =>
    text.replace('port: 0 }', 'port: 0, tls: { certificate: none.pem, key: certs/issuing-ca.key.pem } }'),
  );
  renameSync(join(folder, 'certs/chain.pem'), join(folder, 'certs/moved.pem'));
  chmodSync(join(folder, 'certs/issuing-ca.key.pem'), 0o644);
  writeFileSync(join(folder, 'certs/issuing-ca.pem'), 'no certificate');
  const remedy = 'Check the path in the configuration and the rights of the file.';
  const mode = process.geteuid?.() === 0 ? '640' : '600';
  const open = 'certs/issuing-ca.key.pem: others may read this private key';
  assert.deepEqual(await problemsOf(config, folder), [
    `2 listen.tls.certificate: none.pem: there is no such file (the TLS certificate). ${remedy}`,
    `2 listen.tls.key: ${open} (the TLS key). Run: chmod ${mode} certs/issuing-ca.key.pem`,
    '7 authorities.issuing.certificate: certs/issuing-ca.pem: not a certificate. It must be a certificate in PEM or DER.',
    `8 authorities.issuing.chain: certs/chain.pem: there is no such file (the certificates above the issuing CA). ${remedy}`,
    `9 authorities.issuing.key: ${open} (the key of the issuing CA). Run: chmod ${mode} certs/issuing-ca.key.pem`,
  ]);
});

test('a key of another certificate is one problem of its authority, for any number of endpoints', async (t) => {
  const second = '  - { path: /second, authority: issuing, policy: { static: another-challenge } }\n';
  const { folder, config } = await installed(t, (text) => text + second);
  const other = privateKeyPem(generateKey('p256').privateKey);
  writeFileSync(join(folder, 'certs/issuing-ca.key.pem'), other, { mode: 0o600 });
  assert.deepEqual(await problemsOf(config, folder), [
    '7 authorities.issuing: CN=Test Issuing CA: the key is not the key of this certificate. Give the key that belongs to it.',
  ]);
});

test('a TLS key that does not belong to its certificate is a problem before the start', async (t) => {
  const tls = 'tls: { certificate: certs/root-ca.pem, key: certs/issuing-ca.key.pem }';
  const { folder, config, cli } = await installed(t, (text) => text.replace('port: 0 }', `port: 0, ${tls} }`));
  const [problem] = await problemsOf(config, folder);
  assert.match(
    problem!,
    /^2 listen\.tls: certs\/root-ca\.pem and certs\/issuing-ca\.key\.pem: a TLS server cannot be started with these two/,
  );
  const { code, err } = await cli('check');
  assert.equal(code, 78);
  assert.match(err, /openndes\.yaml:2:\d+ listen\.tls: /);
});

test('an RA of your own is read with the rest', async (t) => {
  const { folder, config } = await installed(t, (text) =>
    text.replace('ra: auto', 'ra: { certificate: certs/my-ra.pem, key: "file:certs/my-ra.key.pem" }'),
  );
  const remedy = 'Check the path in the configuration and the rights of the file.';
  assert.deepEqual(await problemsOf(config, folder), [
    `10 authorities.issuing.ra.certificate: certs/my-ra.pem: there is no such file (an RA certificate). ${remedy}`,
    `10 authorities.issuing.ra.key: certs/my-ra.key.pem: there is no such file (the key of an RA certificate). ${remedy}`,
  ]);
});

test('when an RA of your own cannot be read, there is no authority, so that the CA is not used in its place', async (t) => {
  const { config } = await installed(t, (text) =>
    text.replace('ra: auto', 'ra: { certificate: certs/my-ra.pem, key: "file:certs/my-ra.key.pem" }'),
  );
  const failed: string[] = [];
  const attempt: Attempt = async (key, work) => {
    try {
      return await work();
    } catch {
      failed.push(key.join('.'));
      return undefined;
    }
  };
  const { issuing } = readConfig(config).config.authorities;
  assert.equal(
    await loadAuthority(issuing!, { attempt, warn: () => assert.fail('a warning'), open: openKey }),
    undefined,
  );
  assert.deepEqual(failed, ['ra.certificate', 'ra.key']);
});

test('a key with an unknown scheme is refused at its key, without the rest of the URI, which may hold a PIN', async (t) => {
  const uri = 'vault:object=ca?pin-value=1234';
  const { folder, config } = await installed(t, (text) =>
    text
      .replace(/key: .*issuing-ca\.key\.pem.*/, `key: "${uri}"`)
      .replace('ra: auto', 'ra: { certificate: certs/issuing-ca.pem, key: "kms:alias/ra" }'),
  );
  assert.deepEqual(await problemsOf(config, folder), [
    '9 authorities.issuing.key: keys with the scheme `vault:` are not supported. Supported: `file:PATH` for a PEM file, `pkcs11:` for a token or HSM (RFC 7512), `awskms:` for AWS KMS, `azurekms:` for Azure Key Vault, `gcpkms:` for Google Cloud KMS.',
    '10 authorities.issuing.ra.key: keys with the scheme `kms:` are not supported. Supported: `file:PATH` for a PEM file, `pkcs11:` for a token or HSM (RFC 7512), `awskms:` for AWS KMS, `azurekms:` for Azure Key Vault, `gcpkms:` for Google Cloud KMS.',
  ]);
});

test('two authorities with automatic RA certificates in one folder are refused', async (t) => {
  const twin =
    '  twin: { certificate: certs/issuing-ca.pem, chain: certs/chain.pem, key: "file:certs/issuing-ca.key.pem" }\n';
  const { folder, config } = await installed(t, (text) => text.replace('\nprofiles:', `${twin}\nprofiles:`));
  const [problem] = await problemsOf(config, folder);
  assert.match(problem!, /^11 authorities\.twin\.certificate: authorities issuing and twin: both keep their RA/);
});

test('an authority with `kem` keeps a certificate in the folder of its CA too, whatever its RA is', async (t) => {
  const twin =
    '  twin: { certificate: certs/issuing-ca.pem, chain: certs/chain.pem, key: "file:certs/issuing-ca.key.pem", ra: none }\n';
  const endpoint = '  - { path: /pq, authority: twin, profile: device, policy: { static: abcdefgh }KEM }\n';
  const withTwin = (kem: string) => (text: string) =>
    text.replace('\nprofiles:', `${twin}\nprofiles:`) + endpoint.replace('KEM', kem);
  const found = async (kem: string) => {
    const { folder, config } = await installed(t, withTwin(kem));
    return (await problemsOf(config, folder)).filter((problem) => /both keep their RA/.test(problem)).length;
  };
  assert.deepEqual([await found(''), await found(', kem: ml-kem-768')], [0, 1]);
});
