/** Keys from a passphrase as PKCS#12 derives them (RFC 7292 B). */
import { hash } from 'node:crypto';
import { DerError } from '../../asn1/limits.ts';
import type { Digest } from '../../core/keys.ts';

/** What a key is for: RFC 7292 B.3. */
export const PURPOSE = { encryption: 1, iv: 2, mac: 3 } as const;

/** `passphrase`: octets as `bmpPassphrase` gives them. */
export type Pkcs12Derivation = {
  digest: Digest;
  passphrase: Uint8Array;
  salt: Uint8Array;
  iterations: number;
  purpose: number;
  length: number;
};

/** More than any writer uses; each takes a microsecond. */
const MOST_ITERATIONS = 5_000_000;

/** RFC 7292 B.1: UTF-16, big-endian, with two zero octets at the end. */
export const bmpPassphrase = (text: string): Buffer => Buffer.from(`${text}\0`, 'utf16le').swap16();

/** The key. Throws DerError for more than five million iterations. */
export function deriveKey({ digest, passphrase, salt, iterations, purpose, length }: Pkcs12Derivation): Buffer {
  if (iterations < 1 || iterations > MOST_ITERATIONS)
    throw new DerError(`${iterations} iterations of a key derivation`);
  const block = digest === 'sha384' || digest === 'sha512' ? 128 : 64;
  const diversifier = Buffer.alloc(block, purpose);
  let mixed = Buffer.concat([repeated(salt, block), repeated(passphrase, block)]);
  const parts: Buffer[] = [];
  for (let made = 0; made < length; ) {
    const part = hashed(digest, Buffer.concat([diversifier, mixed]), iterations);
    parts.push(part);
    made += part.length;
    mixed = advanced(mixed, fill(part, block));
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** Copies of `bytes` up to whole blocks; nothing of nothing. */
const repeated = (bytes: Uint8Array, block: number): Buffer => fill(bytes, block * Math.ceil(bytes.length / block));

const fill = (bytes: Uint8Array, length: number): Buffer =>
  length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, Buffer.from(bytes));

function hashed(digest: Digest, input: Uint8Array, iterations: number): Buffer {
  let value: Buffer = hash(digest, input, 'buffer');
  for (let i = 1; i < iterations; i++) value = hash(digest, value, 'buffer');
  return value;
}

/** B.2 step 6C: each block plus `add` plus one, without what is carried out of it. */
function advanced(blocks: Buffer, add: Buffer): Buffer<ArrayBuffer> {
  const next = Buffer.from(blocks);
  for (let start = 0; start < next.length; start += add.length) {
    let carry = 1;
    for (let i = add.length - 1; i >= 0; i--) {
      carry += (next[start + i] ?? 0) + (add[i] ?? 0);
      next[start + i] = carry & 0xff;
      carry >>= 8;
    }
  }
  return next;
}
