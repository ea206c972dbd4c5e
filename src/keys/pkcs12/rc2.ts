/**
 * Decrypts RC2 in CBC mode (RFC 2268): OpenSSL 1.1, Windows and old Java encrypt the certificates of a PKCS#12 file with it, and
 * OpenSSL 3 has it no more. It protects nothing, and nothing is encrypted with it.
 */
import { DerError } from '../../asn1/limits.ts';

/** The permutation of RFC 2268 2. */
const PI = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32' +
    'bd8f40eb86b77b0bf09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a' +
    '961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2e' +
    'c5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);

/** Every index here is within its array. */
const at = (values: ArrayLike<number>, index: number): number => values[index] ?? 0;

/** RFC 2268 2, for an effective key length of all octets of the key: 64 words of 16 bits. */
function expandedKey(key: Uint8Array): Uint16Array {
  const l = Buffer.alloc(128);
  l.set(key);
  const size = key.length;
  for (let i = size; i < 128; i++) l[i] = at(PI, (at(l, i - 1) + at(l, i - size)) & 0xff);
  l[128 - size] = at(PI, at(l, 128 - size));
  for (let i = 127 - size; i >= 0; i--) l[i] = at(PI, at(l, i + 1) ^ at(l, i + size));
  return Uint16Array.from({ length: 64 }, (_, i) => l.readUInt16LE(2 * i));
}

const ROTATIONS = [1, 2, 3, 5] as const;

/** RFC 2268 4.1: R-MIX, four words back, with the words of the key that end at `last`. */
function unmix(r: Uint16Array, key: Uint16Array, last: number): void {
  for (let i = 3; i >= 0; i--) {
    const [a, b, c] = [at(r, (i + 3) & 3), at(r, (i + 2) & 3), at(r, (i + 1) & 3)];
    const by = at(ROTATIONS, i);
    const turned = (at(r, i) >>> by) | (at(r, i) << (16 - by));
    r[i] = turned - at(key, last - (3 - i)) - (a & b) - (~a & c);
  }
}

/** RFC 2268 4.2: R-MASH. */
function unmash(r: Uint16Array, key: Uint16Array): void {
  for (let i = 3; i >= 0; i--) r[i] = at(r, i) - at(key, at(r, (i + 3) & 3) & 63);
}

function decryptBlock(block: Buffer, key: Uint16Array): Buffer {
  const r = Uint16Array.from({ length: 4 }, (_, i) => block.readUInt16LE(2 * i));
  for (let round = 15; round >= 0; round--) {
    unmix(r, key, 4 * round + 3);
    if (round === 11 || round === 5) unmash(r, key);
  }
  const plain = Buffer.alloc(8);
  for (let i = 0; i < 4; i++) plain.writeUInt16LE(at(r, i), 2 * i);
  return plain;
}

/** The content without its padding. Throws DerError when the padding is wrong, as with a wrong key. */
export function decryptRc2(key: Uint8Array, iv: Uint8Array, encrypted: Uint8Array): Buffer {
  if (encrypted.length === 0 || encrypted.length % 8 !== 0) throw new DerError('not whole blocks of RC2');
  const words = expandedKey(key);
  const input = Buffer.from(encrypted);
  const plain = Buffer.alloc(input.length);
  for (let start = 0; start < input.length; start += 8) {
    const before = start === 0 ? iv : input.subarray(start - 8, start);
    const block = decryptBlock(input.subarray(start, start + 8), words);
    for (let i = 0; i < 8; i++) plain[start + i] = at(block, i) ^ at(before, i);
  }
  const padding = plain.at(-1) ?? 0;
  if (padding < 1 || padding > 8 || !plain.subarray(-padding).every((octet) => octet === padding))
    throw new DerError('wrong padding');
  return plain.subarray(0, plain.length - padding);
}
