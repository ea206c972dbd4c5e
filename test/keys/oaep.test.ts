import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Digest } from '../../src/core/keys.ts';
import { decodeOaep } from '../../src/keys/oaep.ts';
import { encodeOaep, mask, xor } from '../../src/testing/key-provider-contract.ts';

const digest = fc.constantFrom<Digest>('sha1', 'sha224', 'sha256', 'sha384', 'sha512');

test('decodes what RFC 8017 7.1.1 encodes, for every pair of hashes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 126 }), digest, digest, (message, hash, mgf1Hash) => {
      const decoded = decodeOaep(encodeOaep(message, 256, hash, mgf1Hash), hash, mgf1Hash);
      assert.deepEqual(Buffer.from(decoded), Buffer.from(message));
    }),
  );
});

test('decodes for a modulus of any length, also when the last block of the mask gives one octet', () => {
  const message = Buffer.from('message');
  for (let octets = 256; octets < 320; octets++)
    assert.deepEqual(Buffer.from(decodeOaep(encodeOaep(message, octets, 'sha1', 'sha1'), 'sha1', 'sha1')), message);
});

test('one wrong bit anywhere gives empty octets or another message, never an error', () => {
  const message = randomBytes(32);
  const encoded = encodeOaep(message, 256, 'sha256', 'sha1');
  for (let bit = 0; bit < encoded.length * 8; bit++) {
    const changed = Uint8Array.from(encoded);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.notDeepEqual(Buffer.from(decodeOaep(changed, 'sha256', 'sha1')), message);
  }
});

/** An encoded message after `change` was applied to its unmasked data block. */
function withBlock(change: (block: Uint8Array) => void, first = 0): Uint8Array {
  const encoded = encodeOaep(Buffer.from('message'), 128, 'sha256', 'sha1');
  const seed = xor(encoded.subarray(1, 33), mask(encoded.subarray(33), 32, 'sha1'));
  const block = xor(encoded.subarray(33), mask(seed, 95, 'sha1'));
  change(block);
  const masked = xor(block, mask(seed, 95, 'sha1'));
  return Buffer.concat([Buffer.of(first), xor(seed, mask(masked, 32, 'sha1')), masked]);
}

const SEPARATOR = 95 - 8;
const WRONG: readonly [string, Uint8Array][] = [
  ['a first octet that is not zero', withBlock(() => {}, 1)],
  ['another label', withBlock((block) => (block[0]! ^= 1))],
  ['padding that is not zero', withBlock((block) => (block[40] = 2))],
  ['no separator', withBlock((block) => block.fill(0, 32))],
  ['an octet of 2 for the separator', withBlock((block) => (block[SEPARATOR] = 2))],
  ['an octet of 255 for the separator', withBlock((block) => (block[SEPARATOR] = 255))],
];
for (const [name, encoded] of WRONG)
  test(`E12 empty octets for ${name}`, () => assert.equal(decodeOaep(encoded, 'sha256', 'sha1').length, 0));

test('the unchanged encoded message decodes', () =>
  assert.equal(
    Buffer.from(
      decodeOaep(
        withBlock(() => {}),
        'sha256',
        'sha1',
      ),
    ).toString(),
    'message',
  ));

test('the message may contain an octet 1, the value of the separator', () => {
  const message = Uint8Array.of(1, 0, 1, 2);
  assert.deepEqual(
    Buffer.from(decodeOaep(encodeOaep(message, 128, 'sha1', 'sha256'), 'sha1', 'sha256')),
    Buffer.from(message),
  );
});

test('a modulus too short for the hash is refused', () =>
  assert.throws(() => decodeOaep(new Uint8Array(128), 'sha512', 'sha1'), RangeError));
