/** PKCS#12 files that are written here, opened by other programs. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PFX_PROFILES, writePkcs12 } from '../../src/pfx/pkcs12-writer.ts';
import { newPfxPassword } from '../../src/pfx/pfx-password.ts';
import { rsaKey } from '../kit/keys.ts';
import { issuing, random } from '../kit/pki.ts';
import { userPfx } from '../pfx/user-under-test.ts';
import { run } from './kit/children.ts';
import { PFX_READERS } from './kit/pfx-readers.ts';

const folder = mkdtempSync(join(tmpdir(), 'openndes-pfx-'));
after(() => rmSync(folder, { recursive: true }));

const password = newPfxPassword(random);
const key = rsaKey('user');
const user = await userPfx(key, { friendlyName: 'jane doe (s/mime)' });
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
const fileOf = (name: string): string => join(folder, `${name}.p12`);
for (const profile of PFX_PROFILES) writeFileSync(fileOf(profile), writePkcs12(user, { profile, password, random }));

for (const profile of PFX_PROFILES)
  for (const [name, reader] of Object.entries(PFX_READERS)) {
    const own = (): string => mkdtempSync(join(folder, 'reader-'));
    test(`${name} finds key, certificate, chain and name in a file of the profile ${profile}`, async () => {
      assert.deepEqual(await reader(fileOf(profile), password, own()), {
        certificates: [hex(user.certificate), hex(issuing.certificate)],
        name: 'jane doe (s/mime)',
        key: hex(key.spki),
      });
    });
    test(`${name} opens no file of the profile ${profile} with a wrong password`, async () => {
      await assert.rejects(reader(fileOf(profile), `${password}x`, own()), /ended with [1-9]/);
    });
  }

test('OpenSSL names no RC2 in a file of either profile, and the same localKeyID for key and certificate', async () => {
  const ENCRYPTED = {
    compat: 'pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2000',
    modern: 'PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256',
  };
  for (const profile of PFX_PROFILES) {
    const args = ['pkcs12', '-in', fileOf(profile), '-passin', `pass:${password}`, '-info', '-nodes'];
    const { code, stdout, stderr } = await run('openssl', args);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout + stderr, /RC2/i);
    assert.equal((stdout + stderr).split(ENCRYPTED[profile]).length, 3);
    const ids = (stdout.match(/localKeyID: .*/g) ?? []).map((id) => id.trim());
    assert.equal(ids.length, 2);
    assert.equal(new Set(ids).size, 1);
  }
});
