/** The key of the next CA is as well protected as the present one, and encrypted with the same passphrase. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { newCa, type WantedCa } from '../../src/app/new-ca.ts';
import { finishRollover, startRollover, withRollovers } from '../../src/app/rollover.ts';
import type { RolledAuthority } from '../../src/app/rollover-files.ts';
import { keyFromPem, privateKeyPem } from '../../src/keys/software.ts';
import { installed } from './installation.ts';

const PASSPHRASE = 'of-the-issuing-ca';

/** An installation whose issuing key is encrypted. */
async function locked(t: Parameters<typeof installed>[0]) {
  const place = await installed(t, (config) => config.replace('ra: auto', `ra: auto\n    passphrase: ${PASSPHRASE}`));
  const path = join(place.folder, 'certs/issuing-ca.key.pem');
  writeFileSync(path, privateKeyPem(keyFromPem(readFileSync(path, 'utf8'), path).privateKey, PASSPHRASE));
  const issuerKey = { uri: `file:${join(place.folder, 'certs/root-ca.key.pem')}` };
  const work = <T>(step: (rolled: RolledAuthority) => Promise<T>) => withRollovers(place.config, () => 'issuing', step);
  return { ...place, wanted: { kind: 'new-key', issuerKey } satisfies WantedCa, work };
}

test('the key of the next CA has the passphrase of the present one, and both serve', async (t) => {
  const { folder, wanted, work, started } = await locked(t);
  await work((rolled) => startRollover(rolled, wanted));
  await work(finishRollover);
  const pem = readFileSync(join(folder, 'certs/issuing-ca-g2.key.pem'), 'utf8');
  assert.match(pem, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
  const { origin } = await started();
  for (const name of ['issuing', 'issuing-g2']) assert.equal((await fetch(`${origin}/crl/${name}.crl`)).status, 200);
});

test('where the passphrase is typed in, no key without one is written', async (t) => {
  const { wanted, work } = await locked(t);
  const typed = work((rolled) => {
    const { passphrase: _, ...written } = rolled.recorded.written;
    return newCa({ ...rolled, recorded: { ...rolled.recorded, written } }, wanted);
  });
  await assert.rejects(typed, { message: /^the passphrase of the present key is typed in, and a new key would be/ });
});

test('where the present key is in a token, a new one is in a file only when a kind of key is chosen', async (t) => {
  const { wanted, work } = await locked(t);
  const inToken = (more: Partial<WantedCa>) =>
    work((rolled) => {
      const key = { ...rolled.authority.key, inProcess: false };
      const authority = { ...rolled.authority, key };
      return newCa({ ...rolled, key: 'pkcs11:token=ca', authority }, { ...wanted, ...more });
    });
  await assert.rejects(inToken({}), {
    message: 'the present key is elsewhere (pkcs11), and a new one would be in a file',
  });
  assert.ok((await inToken({ key: 'p384' })).key);
});
