import assert from 'node:assert/strict';
import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { KeyTransport } from '../../src/core/keys.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { generateKey, KEY_CHOICES, keyFromPem, privateKeyPem, softwareKey } from '../../src/keys/software.ts';
import { keyProviderContract } from '../../src/testing/key-provider-contract.ts';

const DIGESTS = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
const rsa = generateKey('rsa-2048');

const TRANSPORTS: readonly KeyTransport[] = [
  { scheme: 'pkcs1' },
  { scheme: 'oaep', hash: 'sha1', mgf1Hash: 'sha1' },
  { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha256' },
  { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha1' },
  { scheme: 'oaep', hash: 'sha1', mgf1Hash: 'sha256' },
];
keyProviderContract({ name: 'software RSA-2048', make: () => rsa, digests: DIGESTS, transports: TRANSPORTS });
for (const choice of ['p256', 'p384'] as const)
  keyProviderContract({
    name: `software ${choice}`,
    make: () => generateKey(choice),
    digests: DIGESTS,
    transports: [],
  });
for (const choice of ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const)
  keyProviderContract({
    name: `software ${choice}`,
    make: () => generateKey(choice),
    digests: [undefined],
    transports: [],
  });

// The modulus does not fill its first octet.
keyProviderContract({
  name: 'software RSA-2050',
  make: () => softwareKey(generateKeyPairSync('rsa', { modulusLength: 2050 }).privateKey),
  digests: ['sha256'],
  transports: TRANSPORTS,
});

test('the keys that init offers are what their names say', () => {
  assert.equal(KEY_CHOICES.join(' '), 'rsa-2048 rsa-3072 rsa-4096 p256 p384 ml-dsa-44 ml-dsa-65 ml-dsa-87');
  assert.deepEqual(generateKey('rsa-3072').kind, { type: 'rsa', bits: 3072 });
  assert.deepEqual(generateKey('p256').kind, { type: 'ec', bits: 256 });
  assert.deepEqual(generateKey('p384').kind, { type: 'ec', bits: 384 });
  assert.deepEqual(generateKey('ml-dsa-44').kind, { type: 'ml-dsa-44', bits: 10_496 });
  assert.deepEqual(generateKey('ml-dsa-65').kind, { type: 'ml-dsa-65', bits: 15_616 });
  assert.deepEqual(generateKey('ml-dsa-87').kind, { type: 'ml-dsa-87', bits: 20_736 });
});

test('only EC keys agree on a secret, the same on both sides', () => {
  const [one, other] = [generateKey('p384'), generateKey('p384')];
  const secret = diffieHellman({ privateKey: one.privateKey, publicKey: createPublicKey(other.privateKey) });
  assert.deepEqual(one.agree!(other.spki), secret);
  assert.deepEqual(other.agree!(one.spki), secret);
  assert.equal(secret.length, 48);
  assert.ok(!('agree' in rsa));
});

test('wrong PKCS#1 padding decrypts to the same octets each time, as implicit rejection demands', async () => {
  const ciphertext = new Uint8Array(256).fill(7);
  const once = await rsa.decrypt!(ciphertext, { scheme: 'pkcs1' });
  assert.deepEqual(await rsa.decrypt!(ciphertext, { scheme: 'pkcs1' }), once);
});

const SECRET = 'correct horse battery staple';
const PEMS = [
  ['PKCS#8', () => privateKeyPem(rsa.privateKey), undefined],
  ['PKCS#8 with a passphrase', () => privateKeyPem(rsa.privateKey, SECRET), SECRET],
  ['PKCS#1', () => rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(), undefined],
  [
    'traditional with a passphrase',
    () => rsa.privateKey.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: SECRET }).toString(),
    SECRET,
  ],
] as const;
for (const [name, pem, passphrase] of PEMS)
  test(`reads ${name} PEM`, () => assert.deepEqual(keyFromPem(pem(), 'key.pem', passphrase).spki, rsa.spki));

test('reads SEC1 PEM with the EC PARAMETERS that openssl puts before it', () => {
  const { privateKey } = generateKey('p256');
  const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
  const pem = parameters + privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  assert.deepEqual(keyFromPem(pem, 'key.pem').spki, softwareKey(privateKey).spki);
});

const pkcs8 = (key: ReturnType<typeof generateKeyPairSync>['privateKey']): string =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString();
const encrypted = privateKeyPem(rsa.privateKey, SECRET);
const plain = privateKeyPem(rsa.privateKey);
const BAD = [
  ['no passphrase', encrypted, undefined, /key\.pem: the passphrase .* is missing/],
  ['a wrong passphrase', encrypted, 'Tr0ub4dor&3', /key\.pem: the passphrase .* is wrong/],
  ['a cut file', plain.slice(0, 900), undefined, /key\.pem: not a private key/],
  [
    'a public key',
    generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    undefined,
    /not a private key/,
  ],
  ['text that is no PEM', 'not a key', undefined, /not a private key/],
  ['an Ed25519 key', pkcs8(generateKeyPairSync('ed25519').privateKey), undefined, /Ed25519/],
  [
    'a key on another curve',
    () => pkcs8(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey),
    undefined,
    /kind/,
  ],
  [
    'an RSA key of 512 bits',
    () => pkcs8(generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey),
    undefined,
    /kind/,
  ],
] as const;
for (const [name, pem, passphrase, expected] of BAD)
  test(`the error for ${name} names the fault, has its cause, and contains no secret`, () => {
    const text = typeof pem === 'string' ? pem : pem();
    const error = thrownBy(() => keyFromPem(text, 'key.pem', passphrase));
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, expected);
    assert.notEqual(error.remedy, '');
    assert.equal(error.cause instanceof Error, name !== 'an Ed25519 key');
    const everything = inspect(error, { depth: 10, showHidden: true });
    const lines = text.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----'));
    for (const secret of [...lines, ...(passphrase ? [passphrase] : [])]) assert.ok(!everything.includes(secret));
  });

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}
