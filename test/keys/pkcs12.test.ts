/** PKCS#12 files of each tool, damaged ones, and wrong passphrases. */
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ConfigError } from '../../src/core/errors.ts';
import { isPkcs12, readPkcs12 } from '../../src/keys/pkcs12/pkcs12.ts';
import { decryptRc2 } from '../../src/keys/pkcs12/rc2.ts';

const FOLDER = new URL('../vectors/pkcs12/', import.meta.url);
type Vector = { source: string; client: string; why: string; passphrase: string; pkcs12: string };
const VECTORS = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name, ...(JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Vector) }));
const certificateIn = (name: string) => new X509Certificate(readFileSync(new URL(name, FOLDER)));
const [ca, root] = [certificateIn('ca.pem'), certificateIn('root.pem')];
const named = (name: string) => {
  const found = VECTORS.find((vector) => vector.name === `${name}.json`);
  assert.ok(found);
  return { bytes: Buffer.from(found.pkcs12, 'base64'), passphrase: found.passphrase };
};

test('there is a vector of each tool', () => {
  assert.equal(VECTORS.length, 12);
});

for (const { client, why, passphrase, pkcs12 } of VECTORS)
  test(`${client}: ${why}`, () => {
    const bytes = Buffer.from(pkcs12, 'base64');
    assert.equal(isPkcs12(bytes), true);
    const { keys, certificates } = readPkcs12(bytes, 'ca.p12', passphrase);
    assert.equal(keys.length, 1);
    const key = createPrivateKey({ key: Buffer.from(keys[0]!), format: 'der', type: 'pkcs8' });
    assert.equal(createPublicKey(key).equals(ca.publicKey), true);
    const found = certificates.map((der) => new X509Certificate(der).fingerprint256);
    assert.deepEqual(found.toSorted(), [ca.fingerprint256, root.fingerprint256].toSorted());
  });

// Without that of pk12util, whose 600,000 iterations take seconds.
const QUICK = VECTORS.filter(({ name }) => name !== 'pk12util.json');
for (const { client, why, passphrase, pkcs12 } of QUICK)
  test(`a wrong passphrase is said to be wrong: ${client}, ${why}`, () => {
    assert.throws(() => readPkcs12(Buffer.from(pkcs12, 'base64'), 'ca.p12', `${passphrase}x`), {
      name: 'ConfigError',
      message: 'ca.p12: the passphrase of this file is wrong, or the file is damaged',
    });
  });

test('a passphrase that is missing is said to be missing', () => {
  assert.throws(() => readPkcs12(named('windows-aes').bytes, 'ca.p12'), {
    message: 'ca.p12: the passphrase of this file is missing, or the file is damaged',
    remedy: 'Give the passphrase of the export with --passphrase-env NAME.',
  });
});

test('each octet that is changed, and each end that is cut off, is a ConfigError or changes nothing', () => {
  const { bytes, passphrase } = named('windows-3des');
  const whole = readPkcs12(bytes, 'ca.p12', passphrase);
  const check = (changed: Uint8Array): void => {
    try {
      assert.deepEqual(readPkcs12(changed, 'ca.p12', passphrase), whole);
    } catch (error) {
      assert.ok(error instanceof ConfigError, String(error));
    }
  };
  for (let at = 0; at < bytes.length; at += 3) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 0x55;
    check(changed);
    check(bytes.subarray(0, at));
  }
});

test('iterations that would take hours are refused at once', () => {
  const { bytes, passphrase } = named('windows-aes');
  const iterations = Buffer.from('020207d0', 'hex');
  assert.ok(bytes.includes(iterations));
  // 0x07d0 twice as long would shift lengths, so the integer is taken as it stands in PBKDF2 and made negative.
  const changed = Buffer.from(bytes.toString('hex').replaceAll('020207d0', '02028000'), 'hex');
  assert.throws(() => readPkcs12(changed, 'ca.p12', passphrase), { message: 'ca.p12: INTEGER out of range' });
});

/** Key, block and what is in it: RFC 2268 5, those whose effective length is that of the key. */
const RC2 = [
  ['ffffffffffffffff', '278b27e42e2f0d49', 'ffffffffffffffff'],
  ['3000000000000000', '30649edf9be7d2c2', '1000000000000001'],
  ['88bca90e90875a7f0f79c384627bafb2', '2269552ab0f85ca6', '0000000000000000'],
] as const;
for (const [key, block, plain] of RC2)
  test(`RC2 decrypts a vector of RFC 2268 5: ${block}`, () => {
    // The vector of initialisation makes of the block one that is all padding, so nothing is left of it.
    const iv = Buffer.from(plain, 'hex').map((octet) => octet ^ 8);
    const decrypt = (text: string) => decryptRc2(Buffer.from(key, 'hex'), iv, Buffer.from(text, 'hex'));
    assert.equal(decrypt(block).length, 0);
    assert.throws(() => decrypt(block.replace(/^./, 'c')), { message: 'wrong padding' });
    assert.throws(() => decrypt(block.slice(2)), { message: 'not whole blocks of RC2' });
  });

test('a certificate and a PEM text are not taken for PKCS#12', () => {
  assert.deepEqual([isPkcs12(ca.raw), isPkcs12(Buffer.from('-----BEGIN CERTIFICATE-----'))], [false, false]);
});
