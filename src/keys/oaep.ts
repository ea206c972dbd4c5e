/** EME-OAEP decoding (RFC 8017 7.1.2 step 3) in constant time, also for two different hashes. */
import { createHash } from 'node:crypto';
import type { Digest } from '../core/keys.ts';

/**
 * The message inside an encoded message that is as long as the modulus; empty octets when the padding is wrong, so that
 * wrong padding and a wrong message look the same (Manger, 2001). The label is empty. Constant time: no branch and no
 * early exit depends on the octets; every check is collected in `bad`, which is used once, in a multiplication.
 * Throws RangeError when the modulus is too short for the hash, which is a public fact.
 */
export function decodeOaep(encoded: Uint8Array, hash: Digest, mgf1Hash: Digest): Uint8Array {
  const labelHash = createHash(hash).digest();
  const size = labelHash.length;
  if (encoded.length < 2 * size + 2) throw new RangeError(`a key of ${encoded.length} octets is too short for ${hash}`);
  const maskedBlock = encoded.subarray(1 + size);
  const seed = xor(encoded.subarray(1, 1 + size), mgf1(maskedBlock, size, mgf1Hash));
  const block = xor(maskedBlock, mgf1(seed, maskedBlock.length, mgf1Hash));

  let bad = octetAt(encoded, 0);
  for (let i = 0; i < size; i++) bad |= octetAt(block, i) ^ octetAt(labelHash, i);
  let searching = 1;
  let start = 0;
  for (let i = size; i < block.length; i++) {
    const zero = isEqual(octetAt(block, i), 0);
    const one = isEqual(octetAt(block, i), 1);
    start += searching * one * (i + 1);
    searching &= one ^ 1;
    bad |= searching & (zero ^ 1);
  }
  bad |= searching;
  const good = isEqual(bad, 0);
  return block.subarray(good * start + (good ^ 1) * block.length);
}

/** An octet inside the array. No default value, which would be a branch. */
const octetAt = (octets: Uint8Array, index: number): number => octets[index]!;

/**
 * 1 when two octets are equal, otherwise 0, without a branch: of the possible differences only 0 - 1 has its top bit
 * set.
 */
const isEqual = (a: number, b: number): number => ((a ^ b) - 1) >>> 31;

const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((octet, i) => octet ^ octetAt(b, i));

/** MGF1, RFC 8017 B.2.1. */
function mgf1(seed: Uint8Array, length: number, hash: Digest): Uint8Array {
  const blocks: Uint8Array[] = [];
  const counter = Buffer.alloc(4);
  for (let done = 0; done < length; ) {
    counter.writeUInt32BE(blocks.length);
    const block = createHash(hash).update(seed).update(counter).digest();
    blocks.push(block);
    done += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
}
