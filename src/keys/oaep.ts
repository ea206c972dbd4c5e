/** EME-OAEP decoding (RFC 8017 7.1.2, step 3) for the two different hashes that OpenSSL's own call cannot take apart. */
import { createHash } from 'node:crypto';
import type { Digest } from '../core/keys.ts';

/**
 * The message inside an encoded message of exactly the modulus' length; empty octets when the padding is wrong, so
 * that nothing tells wrong padding from a wrong message (Manger, 2001). The label is empty. No branch and no early
 * exit depends on the octets: every check folds into `bad`, which is looked at once, as a multiplication.
 * Throws RangeError when the modulus is too short for the hash, which is public.
 */
export function decodeOaep(encoded: Uint8Array, hash: Digest, mgf1Hash: Digest): Uint8Array {
  const labelHash = createHash(hash).digest();
  const size = labelHash.length;
  if (encoded.length < 2 * size + 2) throw new RangeError(`a key of ${encoded.length} octets is too short for ${hash}`);
  const maskedBlock = encoded.subarray(1 + size);
  const seed = xor(encoded.subarray(1, 1 + size), mgf1(maskedBlock, size, mgf1Hash));
  const block = xor(maskedBlock, mgf1(seed, maskedBlock.length, mgf1Hash));

  let bad = encoded[0]!;
  for (let i = 0; i < size; i++) bad |= block[i]! ^ labelHash[i]!;
  let searching = 1;
  let start = 0;
  for (let i = size; i < block.length; i++) {
    const zero = isEqual(block[i]!, 0);
    const one = isEqual(block[i]!, 1);
    start += searching * one * (i + 1);
    searching &= one ^ 1;
    bad |= searching & (zero ^ 1);
  }
  bad |= searching;
  const good = isEqual(bad, 0);
  return block.subarray(good * start + (good ^ 1) * block.length);
}

/** 1 when two octets are equal, else 0, without a branch: only 0 - 1 has its top bit set. */
const isEqual = (a: number, b: number): number => ((a ^ b) - 1) >>> 31;

const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((octet, i) => octet ^ b[i]!);

/** MGF1, RFC 8017 B.2.1. */
function mgf1(seed: Uint8Array, length: number, hash: Digest): Uint8Array {
  const blocks: Uint8Array[] = [];
  const counter = Buffer.alloc(4);
  for (let made = 0; made < length; made += blocks.at(-1)!.length) {
    counter.writeUInt32BE(blocks.length);
    blocks.push(createHash(hash).update(seed).update(counter).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}
