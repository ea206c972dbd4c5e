/** Keys are opened by the scheme of their URI, and closed when the server or command that opened them ends. */
import assert from 'node:assert/strict';
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startServer } from '../../src/app/configured-server.ts';
import { type KeyPlace, keyRing, openKey } from '../../src/app/key-ring.ts';
import { loadSettings } from '../../src/app/settings.ts';
import { ConfigProblems } from '../../src/config/yaml/problems.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { generateKey, privateKeyPem } from '../../src/keys/software.ts';
import { USERS } from '../wiring/administrator.ts';
import { installed } from './installation.ts';

/** A ring whose keys record that they are opened and closed, by the name of their file. */
function recordingRing() {
  const events: string[] = [];
  const ring = keyRing(async (place: KeyPlace) => {
    const key = await openKey(place);
    const file = place.uri.split('/').at(-1);
    events.push(`open ${file}`);
    return { ...key, close: () => void events.push(`close ${file}`) };
  });
  return { ring, events };
}

/** An installation whose RA certificate exists already, so that its key is read and not created. */
async function withRa(t: TestContext) {
  const place = await installed(t);
  const server = await startServer(place.config, { logLevel: 'silent', workers: 1 });
  await server.close();
  return place;
}

test('`file:` opens a PEM file with its passphrase, in any letter case of the scheme', async (t) => {
  const { folder } = await installed(t);
  const made = generateKey('p256');
  const path = join(folder, 'encrypted.pem');
  writeFileSync(path, privateKeyPem(made.privateKey, 'open sesame'), { mode: 0o600 });
  for (const uri of [`file:${path}`, `FILE:${path}`])
    assert.deepEqual((await openKey({ uri, passphrase: 'open sesame', what: 'a key' })).spki, made.spki);
  await assert.rejects(
    openKey({ uri: `file:${path}`, what: 'a key' }),
    /the passphrase of this private key is missing/,
  );
});

test('an unknown scheme is refused with the supported ones, and without the rest of the URI', async () => {
  await assert.rejects(openKey({ uri: 'vault:object=ca?pin-value=1234', what: 'a key' }), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.message, 'keys with the scheme `vault:` are not supported');
    assert.equal(
      error.remedy,
      'Supported: `file:PATH` for a PEM file, `pkcs11:` for a token or HSM (RFC 7512), `awskms:` for AWS KMS, `azurekms:` for Azure Key Vault, `gcpkms:` for Google Cloud KMS.',
    );
    return true;
  });
});

test('a package that a key elsewhere needs is named with the command that installs it', async () => {
  const uri = 'pkcs11:object=ca?module-path=/usr/lib/none.so';
  await assert.rejects(openKey({ uri, passphrase: '1234', what: 'a key' }), {
    name: 'ConfigError',
    message: 'keys with the scheme `pkcs11:` need the npm package `pkcs11js`, which is not installed',
    remedy: /^Run: npm install pkcs11js@2\.1\.7/,
  });
});

test('a running server keeps its keys open, and closes each of them once when it ends', async (t) => {
  const { config } = await withRa(t);
  const { ring, events } = recordingRing();
  const server = await startServer(config, { logLevel: 'silent', workers: 1, keys: ring });
  assert.deepEqual(events, ['open issuing-ca.key.pem', 'open ra.key.pem']);
  await server.close();
  assert.deepEqual(events.slice(2).toSorted(), ['close issuing-ca.key.pem', 'close ra.key.pem']);
});

test('the readiness detail says of an authority with a key elsewhere why it fails, and nothing when it works', async (t) => {
  const admin = `admin: { port: 0, users: { ndes: "${USERS.ndes}" } }`;
  const { config } = await installed(t, (text) => `${text}${admin}\n`);
  let standing: string | undefined;
  const ring = keyRing(async (place: KeyPlace) => ({ ...(await openKey(place)), standing: () => standing }));
  const server = await startServer(config, { logLevel: 'silent', workers: 1, keys: ring });
  t.after(() => server.close());
  const look = async () => {
    const response = await fetch(new URL('/readyz', server.adminUrl));
    const { authorities } = (await response.json()) as { authorities?: unknown };
    return [response.status, authorities];
  };
  assert.deepEqual(await look(), [200, { issuing: 'ok' }]);
  standing = 'the HSM is away';
  assert.deepEqual(await look(), [200, { issuing: 'failed: the HSM is away' }]);
  standing = undefined;
  assert.deepEqual(await look(), [200, { issuing: 'ok' }]);
});

test('a start that fails closes the keys that it has opened', async (t) => {
  const { config } = await withRa(t);
  const running = await startServer(config, { logLevel: 'silent', workers: 1 });
  t.after(() => running.close());
  const { ring, events } = recordingRing();
  await assert.rejects(startServer(config, { logLevel: 'silent', workers: 1, keys: ring }), ConfigError);
  assert.deepEqual(events, ['open issuing-ca.key.pem', 'close issuing-ca.key.pem']);
});

test('a configuration with a problem closes the keys that could be opened', async (t) => {
  const { folder, config } = await installed(t);
  renameSync(join(folder, 'certs/chain.pem'), join(folder, 'certs/moved.pem'));
  chmodSync(join(folder, 'certs/issuing-ca.key.pem'), 0o600);
  const { ring, events } = recordingRing();
  await assert.rejects(loadSettings(config, { keys: ring }), ConfigProblems);
  assert.deepEqual(events, ['open issuing-ca.key.pem', 'close issuing-ca.key.pem']);
});
