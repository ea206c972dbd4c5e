/** CBC content encryption (RFC 5652 6.3) with node:crypto, a whole message at once. */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { ContentCipher } from './algorithms.ts';

// OpenSSL 3 has no single DES. Triple DES with the same key three times is the same function.
const nodeCipher = ({ name }: ContentCipher): string => (name === 'des-cbc' ? 'des-ede3-cbc' : name);
const cipherKey = ({ name }: ContentCipher, key: Uint8Array): KeyObject =>
  createSecretKey(name === 'des-cbc' ? Buffer.concat([key, key, key]) : key);

/** Pads and encrypts. Throws when the length of `key` or `iv` is not that of the cipher. */
export function encryptContent(cipher: ContentCipher, key: Uint8Array, iv: Uint8Array, content: Uint8Array): Buffer {
  const encryption = createCipheriv(nodeCipher(cipher), cipherKey(cipher, key), iv);
  return Buffer.concat([encryption.update(content), encryption.final()]);
}

/**
 * Decrypts and removes the padding. A wrong padding is not removed, and octets after the last whole block are ignored:
 * the result is then not a valid message, but there is no error that would be a padding oracle (Vaudenay). Throws when
 * the length of `key` or `iv` is not that of the cipher.
 */
export function decryptContent(cipher: ContentCipher, key: Uint8Array, iv: Uint8Array, encrypted: Uint8Array): Buffer {
  const wholeBlocks = encrypted.subarray(0, encrypted.length - (encrypted.length % cipher.blockBytes));
  const decipher = createDecipheriv(nodeCipher(cipher), cipherKey(cipher, key), iv).setAutoPadding(false);
  return withoutPadding(Buffer.concat([decipher.update(wholeBlocks), decipher.final()]), cipher.blockBytes);
}

/** Checks every octet that could be padding, without an early exit. */
function withoutPadding(padded: Buffer, blockBytes: number): Buffer {
  const count = padded.at(-1) ?? 0;
  let wrong = Number(count === 0) | Number(count > blockBytes) | Number(padded.length < blockBytes);
  for (let i = 1; i <= blockBytes; i++) {
    const octet = padded.at(-i) ?? 0;
    wrong |= Number(i <= count) & Number(octet !== count);
  }
  return padded.subarray(0, padded.length - (wrong ? 0 : count));
}
