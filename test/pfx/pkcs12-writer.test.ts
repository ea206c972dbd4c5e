/** PKCS#12 files that are written here: their octets, our own reader, and TLS of Node.js. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, createServer } from 'node:tls';
import * as fc from 'fast-check';
import { DerReader } from '../../src/asn1/reader.ts';
import { explicit } from '../../src/asn1/tags.ts';
import { isPkcs12, readPkcs12 } from '../../src/keys/pkcs12/pkcs12.ts';
import { PFX_PROFILES, type PfxProtection, writePkcs12 } from '../../src/pfx/pkcs12-writer.ts';
import { newPfxPassword } from '../../src/pfx/pfx-password.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { pem } from '../kit/openssl.ts';
import { issuing, random, root } from '../kit/pki.ts';
import { userPfx } from './user-under-test.ts';

const user = await userPfx(rsaKey('user'));
const PASSWORD = 'Abcdefghijklmnop01234567';
const compat: PfxProtection = { profile: 'compat', password: PASSWORD, random };
const hex = (...octets: string[]): string[] => octets.map((text) => text.replaceAll(' ', ''));

/** Keys and certificates as the file has them. */
const inside = (file: Uint8Array, password = PASSWORD) => readPkcs12(file, 'user.p12', password);

for (const profile of PFX_PROFILES)
  test(`our reader finds key, certificate and chain in a file of the profile ${profile}`, () => {
    const file = writePkcs12(user, { ...compat, profile });
    assert.equal(isPkcs12(file), true);
    const { keys, certificates } = inside(file);
    assert.deepEqual(
      keys.map((key) => Buffer.from(key)),
      [Buffer.from(user.key)],
    );
    const wanted = [user.certificate, issuing.certificate].map((der) => Buffer.from(der));
    assert.deepEqual(
      certificates.map((der) => Buffer.from(der)),
      wanted,
    );
    assert.throws(() => inside(file, `${PASSWORD}x`), { message: /the passphrase of this file is wrong/ });
  });

test('a file of the profile compat has 3DES, SHA-1 and 2,000 iterations three times, and nothing else', () => {
  const file = Buffer.from(writePkcs12(user, compat)).toString('hex');
  const [des3, sha1, iterations] = hex('060a 2a864886f70d010c 0103', '3009 0605 2b0e03021a 0500', '0202 07d0');
  assert.deepEqual(
    [des3, sha1, iterations].map((found) => file.split(found!).length - 1),
    [2, 1, 3],
  );
});

test('a file of the profile modern has AES-256, SHA-256 and 10,000 iterations three times, and no 3DES', () => {
  const file = Buffer.from(writePkcs12(user, { ...compat, profile: 'modern' })).toString('hex');
  const [aes, hmac, sha256, iterations, des3, sha1] = hex(
    '0609 60864801650304012a',
    '300c 0608 2a864886f70d0209 0500',
    '300d 0609 608648016503040201 0500',
    '0202 2710',
    '2a864886f70d010c 0103',
    '2b0e03021a',
  );
  assert.deepEqual(
    [aes, hmac, sha256, iterations, des3, sha1].map((found) => file.split(found!).length - 1),
    [2, 2, 1, 3, 0, 0],
  );
});

for (const profile of PFX_PROFILES)
  test(`no file of the profile ${profile} names RC2`, () => {
    const file = Buffer.from(writePkcs12(user, { ...compat, profile })).toString('hex');
    for (const rc2 of ['2a864886f70d010c0105', '2a864886f70d010c0106', '2a864886f70d0302'])
      assert.equal(file.includes(rc2), false);
  });

/** The attributes of the key, which are in clear: by OID, the content of the one value. */
function keyAttributes(file: Uint8Array): Record<string, string> {
  const pfx = DerReader.over(file).sequence();
  pfx.smallInteger();
  const safe = pfx.sequence();
  safe.oid();
  const contents = DerReader.over(safe.enter(explicit(0)).octetString()).sequence();
  contents.element();
  const info = contents.sequence();
  info.oid();
  const bag = DerReader.over(info.enter(explicit(0)).octetString())
    .sequence()
    .sequence();
  bag.oid();
  bag.element();
  const attributes = bag.set().each(8, (list) => {
    const one = list.sequence();
    return [one.oid(), Buffer.from(one.set().element().der).toString('hex')];
  });
  return Object.fromEntries(attributes) as Record<string, string>;
}

test('friendlyName is a BMPString, and localKeyId the SHA-1 of the certificate', () => {
  const named = { ...user, friendlyName: 'Jané' };
  assert.deepEqual(keyAttributes(writePkcs12(named, compat)), {
    '1.2.840.113549.1.9.20': '1e08004a0061006e00e9',
    '1.2.840.113549.1.9.21': `0414${createHash('sha1').update(user.certificate).digest('hex')}`,
  });
});

for (const profile of PFX_PROFILES)
  for (const [kind, key] of [
    ['RSA', rsaKey('user')],
    ['EC', ecKey('user')],
  ] as const)
    test(`a TLS server of Node.js works with a file of the profile ${profile} with an ${kind} key`, async (t) => {
      const content = await userPfx(key);
      const pfx = Buffer.from(writePkcs12(content, { ...compat, profile }));
      const server = createServer({ pfx, passphrase: PASSWORD }, (socket) => socket.end('served')).listen(
        0,
        '127.0.0.1',
      );
      t.after(() => server.close());
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const client = connect({
        port,
        host: '127.0.0.1',
        ca: pem(root.certificate),
        checkServerIdentity: () => undefined,
      });
      client.resume();
      await once(client, 'secureConnect');
      const peer = client.getPeerCertificate(true);
      assert.deepEqual(peer.raw, Buffer.from(content.certificate));
      assert.deepEqual(peer.issuerCertificate.raw, Buffer.from(issuing.certificate));
      await once(client, 'close');
      assert.throws(() => createServer({ pfx, passphrase: `${PASSWORD}x` }), /mac verify failure/);
    });

const password = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 40,
});
const friendlyName = fc.string({
  unit: fc.integer({ min: 1, max: 0xd7ff }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 40,
});

test('whatever the password, the name and the chain, our reader finds what was written', () => {
  fc.assert(
    fc.property(
      fc.record({ profile: fc.constantFrom(...PFX_PROFILES), password }),
      friendlyName,
      fc.array(fc.constantFrom(issuing.certificate, root.certificate), { maxLength: 4 }),
      (lock, name, chain) => {
        const file = writePkcs12({ ...user, friendlyName: name, chain }, { ...lock, random });
        const { keys, certificates } = inside(file, lock.password);
        assert.deepEqual(Buffer.concat(keys), Buffer.from(user.key));
        assert.deepEqual(Buffer.concat(certificates), Buffer.concat([user.certificate, ...chain]));
      },
    ),
    { numRuns: 60 },
  );
});

test('the same content is never written twice with the same octets of chance', () => {
  const drawn: number[] = [];
  const noted = (length: number): Uint8Array => {
    drawn.push(length);
    return random(length);
  };
  writePkcs12(user, { ...compat, random: noted });
  writePkcs12(user, { ...compat, profile: 'modern', random: noted });
  assert.deepEqual(
    drawn.toSorted((a, b) => a - b),
    [8, 8, 16, 16, 16, 16, 20, 20],
  );
});

test('a key that is not that of the certificate is refused', async () => {
  const other = await userPfx(rsaKey('other'));
  assert.throws(() => writePkcs12({ ...user, key: other.key }, compat), {
    name: 'RangeError',
    message: 'the private key is not that of the certificate',
  });
});

for (const wrong of ['', 'Zürich', 'tab\t', 'line\n', '\u20ac'])
  test(`the password ${JSON.stringify(wrong)} is refused, and is not in the error`, () => {
    assert.throws(() => writePkcs12(user, { ...compat, password: wrong }), {
      name: 'RangeError',
      message: 'the password of a PKCS#12 file is not printable ASCII',
    });
  });

for (const wrong of ['', 'Jane \u{1f600}', 'Jane\0', '\ud800'])
  test(`the friendlyName ${JSON.stringify(wrong)} is refused`, () => {
    assert.throws(() => writePkcs12({ ...user, friendlyName: wrong }, compat), { name: 'RangeError' });
  });

test('a password has 24 letters and digits, each as likely as the others', () => {
  const counted = new Map<string, number>();
  for (let i = 0; i < 2000; i++) {
    const made = newPfxPassword(random);
    assert.match(made, /^[A-Za-z0-9]{24}$/);
    for (const character of made) counted.set(character, (counted.get(character) ?? 0) + 1);
  }
  assert.equal(counted.size, 62);
  // 774 on average, with a standard deviation of 28.
  assert.ok(Math.min(...counted.values()) > 550 && Math.max(...counted.values()) < 1000);
});

test('octets from 248 on, which would favour the first letters, are left out', () => {
  const drawn = Buffer.concat([Buffer.of(248, 255, 0, 61, 62, 247), Buffer.alloc(42, 1)]);
  assert.equal(
    newPfxPassword(() => drawn),
    `A9A9${'B'.repeat(20)}`,
  );
});
