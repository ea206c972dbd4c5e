/** PKCS#12 files that somebody brings. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readBroughtPfx } from '../../src/pfx/brought-pfx.ts';
import { PFX_PROFILES, writePkcs12 } from '../../src/pfx/pkcs12-writer.ts';
import { rsaKey } from '../kit/keys.ts';
import { DAY, issuing, NOW, random, YEAR } from '../kit/pki.ts';
import { certifiedUser, userPfx } from './user-under-test.ts';

const PASSWORD = 'a password ~';
const user = await userPfx(rsaKey('user'));
const written = (content = user, profile = PFX_PROFILES[0] ?? 'compat') =>
  writePkcs12(content, { profile, password: PASSWORD, random });
const read = (file: Uint8Array, password = PASSWORD) => readBroughtPfx({ file, password, where: 'jane.p12' });

for (const profile of PFX_PROFILES)
  test(`a file of the profile ${profile} is taken as it is, with the certificate of its key and not that of the CA`, () => {
    const file = written(user, profile);
    assert.deepEqual(read(file), {
      file,
      password: PASSWORD,
      certificate: user.certificate,
      thumbprint: hash('sha1', user.certificate),
      starts: new Date(NOW.getTime() - DAY),
      ends: new Date(NOW.getTime() + 20 * YEAR),
    });
  });

for (const name of ['windows-3des', 'openssl-1.1', 'keytool-17'])
  test(`a file of another program is taken: ${name}`, () => {
    const vector = JSON.parse(readFileSync(new URL(`../vectors/pkcs12/${name}.json`, import.meta.url), 'utf8')) as {
      pkcs12: string;
      passphrase: string;
    };
    const { thumbprint } = read(Buffer.from(vector.pkcs12, 'base64'), vector.passphrase);
    assert.match(thumbprint, /^[0-9a-f]{40}$/);
  });

test('a wrong password is said to be wrong, and is not in the error', () => {
  assert.throws(() => read(written(), 'wrong'), {
    name: 'ConfigError',
    message: 'jane.p12: the passphrase of this file is wrong, or the file is damaged',
    remedy: 'Give the password of this file, or export it again.',
  });
});

for (const wrong of ['', 'Zürich'])
  test(`the password ${JSON.stringify(wrong)} is refused before the file is opened`, () => {
    assert.throws(() => read(written(), wrong), {
      message:
        'jane.p12: the password is empty or not printable ASCII, and programs of Microsoft disagree on its octets',
    });
  });

test('a file with two certificates of its key is refused', async () => {
  const twice = { ...user, chain: [issuing.certificate, await certifiedUser(rsaKey('user'))] };
  assert.throws(() => read(written(twice)), { message: 'jane.p12: 1 private keys, and 2 certificates of them' });
});

test('octets that are no PKCS#12 are refused', () => {
  assert.throws(() => read(Buffer.from('Jane')), { name: 'ConfigError', message: /^jane\.p12: / });
});
