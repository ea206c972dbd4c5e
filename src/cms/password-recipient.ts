/**
 * PasswordRecipientInfo (RFC 5652 6.2.4): encrypts a content key with a password, for a recipient whose key only signs.
 * PBKDF2 (RFC 8018 5.2) derives a key from the password, and id-alg-PWRI-KEK (RFC 3211 2.3) wraps the content key with it.
 * This file writes the recipient info; password-envelope.ts reads it.
 */
import { createCipheriv, createDecipheriv, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { DerError } from '../asn1/limits.ts';
import { explicit } from '../asn1/tags.ts';
import { encode, nullValue, octetString, oid, sequence, smallInteger } from '../asn1/writer.ts';
import type { RandomBytes } from '../core/environment.ts';
import type { Digest } from '../core/keys.ts';
import { type ContentCipher, cipherIdentifier } from './algorithms.ts';

/** RFC 8018 A.2. */
export const PBKDF2 = '1.2.840.113549.1.5.12';
/** id-alg-PWRI-KEK, RFC 3211 appendix A. */
export const PWRI_KEK = '1.2.840.113549.1.9.16.3.9';

/** HMAC with these hashes, as the pseudorandom function of PBKDF2. RFC 8018 B.1.2. */
const FUNCTIONS: Readonly<Record<Digest, string>> = {
  sha1: '1.2.840.113549.2.7',
  sha224: '1.2.840.113549.2.8',
  sha256: '1.2.840.113549.2.9',
  sha384: '1.2.840.113549.2.10',
  sha512: '1.2.840.113549.2.11',
};
/** The hash of a pseudorandom function by its OID, or undefined when it is not supported. */
export const functionDigest = (id: string): Digest | undefined =>
  (Object.keys(FUNCTIONS) as Digest[]).find((digest) => FUNCTIONS[digest] === id);

/**
 * 2.5 ms of CPU, about as much as the signature of the reply. The password is random and has at least 64 bits: they
 * protect it, not the number of iterations. RFC 8018 4.2 recommends at least 1,000.
 */
const ITERATIONS = 10_000;
const SALT_OCTETS = 16;

/** The input of PBKDF2 beside the password. */
export type PasswordDerivation = { salt: Uint8Array; iterations: number; digest: Digest; keyBytes: number };

const derive = promisify(pbkdf2);
/** The key that encrypts the content key. It is computed outside the main thread. */
export const keyFromPassword = (password: string, by: PasswordDerivation): Promise<Buffer> =>
  derive(Buffer.from(password, 'utf8'), by.salt, by.iterations, by.keyBytes, by.digest);

/** How a content key is wrapped: a cipher with its IV, and the key that was derived from the password. */
export type PasswordWrap = { cipher: ContentCipher; iv: Uint8Array; key: Uint8Array };

/** Octets of the length and of the check value. RFC 3211 2.3.1. */
const HEAD = 4;

/** RFC 3211 2.3.1: length, check value, content key and padding, encrypted twice without a new IV. */
export function wrapped(contentKey: Uint8Array, { cipher, iv, key }: PasswordWrap, random: RandomBytes): Buffer {
  const needed = HEAD + contentKey.length;
  const octets = Math.max(2, Math.ceil(needed / cipher.blockBytes)) * cipher.blockBytes;
  const check = contentKey.subarray(0, HEAD - 1).map((octet) => octet ^ 0xff);
  const block = Buffer.concat([Buffer.of(contentKey.length), check, contentKey, random(octets - needed)]);
  const encryption = createCipheriv(cipher.name, key, iv).setAutoPadding(false);
  return encryption.update(encryption.update(block));
}

/** Unwraps the content key. Throws DerError when it was wrapped with another password, see RFC 3211 2.3.2. */
export function unwrapped(encryptedKey: Uint8Array, { cipher, iv, key }: PasswordWrap): Buffer {
  const { blockBytes } = cipher;
  const blocks = encryptedKey.length / blockBytes;
  if (!Number.isInteger(blocks) || blocks < 2) throw new DerError(`encryptedKey of ${encryptedKey.length} octets`);
  const decrypted = (octets: Uint8Array, from: Uint8Array): Buffer =>
    createDecipheriv(cipher.name, key, from).setAutoPadding(false).update(octets);
  // The IV of the second encryption is the last block of the first one.
  const secondIv = decrypted(encryptedKey.subarray(-blockBytes), encryptedKey.subarray(-2 * blockBytes, -blockBytes));
  const block = decrypted(decrypted(encryptedKey, secondIv), iv);
  const [length = 0, ...check] = block.subarray(0, HEAD);
  const contentKey = block.subarray(HEAD, HEAD + length);
  const right = check.every((octet, at) => octet === ((contentKey[at] ?? 0) ^ 0xff));
  if (contentKey.length !== length || !right) throw new DerError('the password does not unwrap encryptedKey');
  return contentKey;
}

const VERSION_0 = smallInteger(0);

/** `[3]` PasswordRecipientInfo, DER, with PBKDF2 over HMAC-SHA-256. `cipher`: AES; it encrypts the content key too. */
export async function passwordRecipientInfo(
  password: string,
  contentKey: Uint8Array,
  { cipher, random }: { cipher: ContentCipher; random: RandomBytes },
): Promise<Uint8Array> {
  const salt = random(SALT_OCTETS);
  const iv = random(cipher.blockBytes);
  const key = await keyFromPassword(password, {
    salt,
    iterations: ITERATIONS,
    digest: 'sha256',
    keyBytes: cipher.keyBytes,
  });
  const parameters = sequence(
    octetString(salt),
    smallInteger(ITERATIONS),
    smallInteger(cipher.keyBytes),
    sequence(oid(FUNCTIONS.sha256), nullValue),
  );
  return encode(
    explicit(3),
    VERSION_0,
    encode(explicit(0), oid(PBKDF2), parameters),
    sequence(oid(PWRI_KEK), cipherIdentifier(cipher, iv)),
    octetString(wrapped(contentKey, { cipher, iv, key }, random)),
  );
}
