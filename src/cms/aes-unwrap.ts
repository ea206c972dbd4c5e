/** AES key unwrap (RFC 3394 2.2.2) without an error: node:crypto throws for a wrong key, and a throw can be measured. */
import { createDecipheriv } from 'node:crypto';

const BLOCK = 8;
const IV_OCTET = 0xa6;
const ROUNDS = 6;

/**
 * The key, and whether the check value was right. A wrong one takes the same path. Throws when `kek` is no AES key. `wrapped`: a
 * multiple of 8 octets, at least 24.
 */
export function aesUnwrap(kek: Uint8Array, wrapped: Uint8Array): { key: Buffer; intact: boolean } {
  const aes = createDecipheriv(`aes-${kek.length * 8}-ecb`, kek, null).setAutoPadding(false);
  const octets = Buffer.from(wrapped);
  const count = octets.length / BLOCK - 1;
  const block = Buffer.alloc(2 * BLOCK);
  octets.copy(block, 0, 0, BLOCK);
  for (let step = ROUNDS * count; step >= 1; step--) {
    const at = (((step - 1) % count) + 1) * BLOCK;
    // At most 6 times 255: the two lowest octets of the counter are enough.
    block.writeUInt16BE(block.readUInt16BE(BLOCK - 2) ^ step, BLOCK - 2);
    octets.copy(block, BLOCK, at, at + BLOCK);
    aes.update(block).copy(block);
    block.copy(octets, at, BLOCK);
  }
  let wrong = 0;
  for (let i = 0; i < BLOCK; i++) wrong |= (block[i] ?? 0) ^ IV_OCTET;
  return { key: octets.subarray(BLOCK), intact: wrong === 0 };
}
