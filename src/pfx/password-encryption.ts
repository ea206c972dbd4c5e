/** Encryption with a password, as the two profiles of PKCS#12 files have it: RFC 7292 C and PBES2 (RFC 8018 6.2). */
import { createCipheriv, pbkdf2Sync } from 'node:crypto';
import { nullValue, octetString, oid, sequence, smallInteger } from '../asn1/writer.ts';
import type { RandomBytes } from '../core/environment.ts';
import { bmpPassphrase, deriveKey, PURPOSE } from '../keys/pkcs12/pkcs12-kdf.ts';

/** What a content is encrypted with. `iterations`: of the derivation of the key. */
export type PasswordLock = { password: string; iterations: number; random: RandomBytes };
/** An AlgorithmIdentifier, DER, and what was encrypted with it. */
export type LockedContent = { algorithm: Uint8Array; encrypted: Uint8Array };

const PBE_SHA1_3DES = oid('1.2.840.113549.1.12.1.3');
const PBES2 = oid('1.2.840.113549.1.5.13');
const PBKDF2 = oid('1.2.840.113549.1.5.12');
const HMAC_SHA256 = oid('1.2.840.113549.2.9');
const AES_256_CBC = oid('2.16.840.1.101.3.4.1.42');

function inCbc(cipher: string, key: Uint8Array, [iv, content]: readonly [Uint8Array, Uint8Array]): Buffer {
  const encryption = createCipheriv(cipher, key, iv);
  return Buffer.concat([encryption.update(content), encryption.final()]);
}

/** PbeWithSHA1And3-KeyTripleDES-CBC (RFC 7292 C), which every reader of the last twenty years knows. */
export function lockedWith3Des(content: Uint8Array, { password, iterations, random }: PasswordLock): LockedContent {
  const salt = random(8);
  const derived = { digest: 'sha1', passphrase: bmpPassphrase(password), salt, iterations } as const;
  const key = deriveKey({ ...derived, purpose: PURPOSE.encryption, length: 24 });
  const iv = deriveKey({ ...derived, purpose: PURPOSE.iv, length: 8 });
  return {
    algorithm: sequence(PBE_SHA1_3DES, sequence(octetString(salt), smallInteger(iterations))),
    encrypted: inCbc('des-ede3-cbc', key, [iv, content]),
  };
}

/** AES-256 in CBC mode, its key derived by PBKDF2 with HMAC-SHA-256 (RFC 8018 A.2, A.4). */
export function lockedWithAes(content: Uint8Array, { password, iterations, random }: PasswordLock): LockedContent {
  const [salt, iv] = [random(16), random(16)];
  const key = pbkdf2Sync(Buffer.from(password, 'utf8'), salt, iterations, 32, 'sha256');
  const derivation = sequence(octetString(salt), smallInteger(iterations), sequence(HMAC_SHA256, nullValue));
  return {
    algorithm: sequence(PBES2, sequence(sequence(PBKDF2, derivation), sequence(AES_256_CBC, octetString(iv)))),
    encrypted: inCbc('aes-256-cbc', key, [iv, content]),
  };
}
