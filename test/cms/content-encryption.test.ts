/** CBC as the standards show it octet by octet, and what padding is taken off (RFC 5652 6.3). */
import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { type ContentCipher, cipherByOid } from '../../src/cms/algorithms.ts';
import { decryptContent, encryptContent } from '../../src/cms/content-encryption.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

type Example = { oid: string; key: string; iv: string; plain: string; encrypted: string };
const NIST_IV = '000102030405060708090a0b0c0d0e0f';
const NIST_BLOCK = '6bc1bee22e409f96e93d7e117393172a';
const FIPS_81 = { iv: '1234567890abcdef', plain: Buffer.from('Now is the time for all ').toString('hex') };
const FIPS_81_ENCRYPTED = 'e5c7cdde872bf27c 43e934008c389c0f 683788499a7c05f6';
/** NIST SP 800-38A F.2; FIPS 81 appendix C, which three equal keys turn into an example of triple DES. */
const EXAMPLES: Readonly<Record<string, Example>> = {
  'AES-128': {
    oid: '2.16.840.1.101.3.4.1.2',
    key: '2b7e151628aed2a6abf7158809cf4f3c',
    iv: NIST_IV,
    plain: NIST_BLOCK,
    encrypted: '7649abac8119b246cee98e9b12e9197d',
  },
  'AES-192': {
    oid: '2.16.840.1.101.3.4.1.22',
    key: '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b',
    iv: NIST_IV,
    plain: NIST_BLOCK,
    encrypted: '4f021db243bc633d7178183a9fa071e8',
  },
  'AES-256': {
    oid: '2.16.840.1.101.3.4.1.42',
    key: '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    iv: NIST_IV,
    plain: NIST_BLOCK,
    encrypted: 'f58c4c04d6e5f1ba779eabfb5f7bfbd6',
  },
  'triple DES': {
    oid: '1.2.840.113549.3.7',
    key: '0123456789abcdef'.repeat(3),
    ...FIPS_81,
    encrypted: FIPS_81_ENCRYPTED,
  },
  DES: { oid: '1.3.14.3.2.7', key: '0123456789abcdef', ...FIPS_81, encrypted: FIPS_81_ENCRYPTED },
};
for (const [name, { oid, key, iv, plain, encrypted }] of Object.entries(EXAMPLES))
  test(`${name} in CBC mode encrypts and decrypts the example of its standard`, () => {
    const cipher = cipherByOid(oid)!;
    const written = encryptContent(cipher, hex(key), hex(iv), hex(plain));
    assert.equal(written.subarray(0, hex(plain).length).toString('hex'), hex(encrypted).toString('hex'));
    assert.equal(written.length, hex(plain).length + cipher.blockBytes, 'a whole block of padding behind it');
    assert.deepEqual(decryptContent(cipher, hex(key), hex(iv), written), hex(plain));
  });

const CIPHERS = [cipherByOid('2.16.840.1.101.3.4.1.2')!, cipherByOid('1.2.840.113549.3.7')!];

/** What is left of blocks that were encrypted as they are. */
function decrypted(cipher: ContentCipher, padded: Uint8Array, more = Buffer.alloc(0)): Buffer {
  const [key, iv] = [randomBytes(cipher.keyBytes), randomBytes(cipher.blockBytes)];
  const encryption = createCipheriv(cipher.name, key, iv).setAutoPadding(false);
  return decryptContent(cipher, key, iv, Buffer.concat([encryption.update(padded), encryption.final(), more]));
}

for (const cipher of CIPHERS) {
  const { name, blockBytes: block } = cipher;
  /** Two blocks, of which the last octets are these. */
  const ending = (...octets: number[]): Buffer =>
    Buffer.concat([Buffer.alloc(2 * block - octets.length, 0xee), Buffer.from(octets)]);

  test(`${name}: padding of every length is taken off`, () => {
    for (let count = 1; count <= block; count++) {
      const padded = ending(...Array<number>(count).fill(count));
      assert.deepEqual(decrypted(cipher, padded), padded.subarray(0, 2 * block - count));
    }
  });

  const WRONG: Readonly<Record<string, Buffer>> = {
    'of no octets': ending(0),
    'longer than a block': ending(...Array<number>(block + 1).fill(block + 1)),
    'of 255 octets': ending(255),
    'with a wrong octet next to the last': ending(4, 4, 3, 4),
    'with a wrong octet in the middle': ending(4, 5, 4, 4),
    'with a wrong first octet': ending(0xee, 4, 4, 4),
    'of a block with a wrong first octet': ending(0xee, ...Array<number>(block - 1).fill(block)),
  };
  for (const [what, padded] of Object.entries(WRONG))
    test(`${name}: padding ${what} stays on`, () => assert.deepEqual(decrypted(cipher, padded), padded));

  test(`${name}: octets beyond the last whole block are left out, and nothing gives nothing`, () => {
    assert.deepEqual(decrypted(cipher, ending(1), Buffer.alloc(block - 1, 7)), ending().subarray(1));
    assert.deepEqual(decrypted(cipher, Buffer.alloc(0)), Buffer.alloc(0));
    assert.deepEqual(decrypted(cipher, Buffer.alloc(0), Buffer.of(1)), Buffer.alloc(0));
  });
}
