/** The forms of the connector's public key, and what is refused. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readConnectorKey } from '../../src/pfx/connector-key.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { cngBlob, connectorPem, pinned } from './connector-forms.ts';

const vector = (name: string): Buffer => readFileSync(new URL(`../vectors/pfx/${name}`, import.meta.url));
const SHA256 = 'bc265cfb6b3e9f3defd765be4ac321bb0ce1d98af3f83f2bdf5764f916c7c687';
const pin = { where: 'connector.pem', pin: SHA256 };
const publicHalf = (key: KeyObject): KeyObject => createPublicKey(key);
const key = publicHalf(rsaKey('connector').privateKey);

for (const name of ['connector.pem', 'connector.blob'])
  test(`the vector ${name} is a key of 256 octets with the pinned SHA-256`, () => {
    const { octets, sha256 } = readConnectorKey(vector(name), pin);
    assert.deepEqual({ octets, sha256 }, { octets: 256, sha256: SHA256 });
  });

test('a blob of CNG has 283 octets, and its header is that of Windows', () => {
  const blob = vector('connector.blob');
  assert.equal(blob.length, 283);
  assert.equal(blob.subarray(0, 27).toString('hex'), '525341310008000003000000000100000000000000000000010001');
});

test('a pin may have colons and capital letters', () => {
  const written = (SHA256.toUpperCase().match(/../g) ?? []).join(':');
  assert.equal(readConnectorKey(vector('connector.pem'), { ...pin, pin: written }).sha256, SHA256);
});

for (const other of ['', SHA256.replace(/^b/, 'c'), SHA256.slice(1)])
  test(`a key with another SHA-256 than the pin ${JSON.stringify(other)} is refused, and the error names its own`, () => {
    assert.throws(() => readConnectorKey(vector('connector.pem'), { ...pin, pin: other }), {
      name: 'ConfigError',
      message: `connector.pem: this public key of the connector is not the pinned one: its SHA-256 is ${SHA256}`,
    });
  });

for (const bits of [2048, 3072, 4096])
  test(`an RSA key of ${bits} bits is taken in both forms`, () => {
    const large = publicHalf(rsaKey('connector', bits).privateKey);
    for (const form of [Buffer.from(connectorPem(large)), cngBlob(large)])
      assert.equal(readConnectorKey(form, pinned(large)).octets, bits / 8);
  });

test('PEM may have the line ends of Windows', () => {
  const pem = connectorPem(key).replaceAll('\n', '\r\n');
  assert.equal(readConnectorKey(Buffer.from(pem), pinned(key)).octets, 256);
});

const pem = connectorPem(key);
const short = publicHalf(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey);
const blobOf = (different: Parameters<typeof cngBlob>[1]): Buffer => cngBlob(key, different);
const PRIVATE = 'it has the private half, which stays on the machine of the connector';
const NEITHER = 'neither PEM with BEGIN PUBLIC KEY at its first octet nor a blob of CNG';
const HEADER = 'a blob of 283 octets whose header says otherwise';
const REFUSED: readonly (readonly [what: string, octets: Uint8Array | string, fault: string])[] = [
  ['an empty file', '', NEITHER],
  ['PEM with a byte order mark', `\ufeff${pem}`, NEITHER],
  ['PEM with a line before it', `# connector\n${pem}`, NEITHER],
  ['two keys', pem + pem, NEITHER],
  ['PEM of PKCS#1', key.export({ type: 'pkcs1', format: 'pem' }).toString(), NEITHER],
  ['DER', key.export({ type: 'spki', format: 'der' }), NEITHER],
  ['PEM that is not base64 of a key', pem.replace('MII', 'MIA'), 'indefinite length at offset 0'],
  ['a private key in PEM', rsaKey('connector').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), PRIVATE],
  ['a full private blob', blobOf({ magic: 0x33415352 }), PRIVATE],
  ['a private blob', blobOf({ magic: 0x32415352 }), PRIVATE],
  ['a blob of an EC key', blobOf({ magic: 0x31534345 }), NEITHER],
  ['a blob with an octet too many', Buffer.concat([cngBlob(key), Buffer.of(0)]), HEADER.replace('283', '284')],
  ['a blob with an octet too few', cngBlob(key).subarray(0, 282), HEADER.replace('283', '282')],
  ['a blob that is nothing but its magic number', cngBlob(key).subarray(0, 4), 'a blob of 4 octets'],
  ['a blob with another number of bits', blobOf({ bits: 4096 }), HEADER],
  ['a blob whose exponent is longer than it says', blobOf({ exponent: 2 }), HEADER],
  ['a blob whose modulus is longer than it says', blobOf({ modulus: 255 }), HEADER],
  ['a blob that announces a prime', blobOf({ prime1: 128 }), HEADER],
  ['a blob that announces a second prime', blobOf({ prime2: 128 }), HEADER],
];

for (const [what, octets, fault] of REFUSED)
  test(`${what} is refused`, () => {
    assert.throws(() => readConnectorKey(Buffer.from(octets), pinned(key)), {
      name: 'ConfigError',
      message: `connector.pem: not a public key of the connector: ${fault}`,
      remedy:
        'Give what Export-IntunePublicKey writes: a file that begins with -----BEGIN PUBLIC KEY-----, or a BCRYPT_RSAPUBLICBLOB.',
    });
  });

for (const [what, octets, kind] of [
  ['an RSA key of 1,024 bits in PEM', connectorPem(short), 'rsa of 1024'],
  ['an RSA key of 1,024 bits in a blob', cngBlob(short), 'rsa of 1024'],
  ['an EC key', connectorPem(publicHalf(ecKey('connector').privateKey)), 'ec of 256'],
] as const)
  test(`${what} is refused`, () => {
    assert.throws(() => readConnectorKey(Buffer.from(octets), pin), {
      name: 'ConfigError',
      message: `connector.pem: the public key of the connector is ${kind} bits`,
    });
  });
