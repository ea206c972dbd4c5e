/** Decryption with a passphrase, as PKCS#12 files have it: the schemes of RFC 7292 C, and PBES2 (RFC 8018 6.2). */
import { createDecipheriv, pbkdf2Sync } from 'node:crypto';
import { DerError } from '../../asn1/limits.ts';
import type { DerReader } from '../../asn1/reader.ts';
import type { Digest } from '../../core/keys.ts';
import { bmpPassphrase, deriveKey, PURPOSE } from './pkcs12-kdf.ts';
import { decryptRc2 } from './rc2.ts';

/** How octets are decrypted once there is a key. */
type Cipher = {
  keyLength: number;
  ivLength: number;
  decrypt: (key: Buffer, iv: Uint8Array, content: Uint8Array) => Buffer;
};

const nodeCipher = (name: string, keyLength: number, ivLength: number): Cipher => ({
  keyLength,
  ivLength,
  decrypt(key, iv, content) {
    const decipher = createDecipheriv(name, key, iv);
    return Buffer.concat([decipher.update(content), decipher.final()]);
  },
});
const DES3 = nodeCipher('des-ede3-cbc', 24, 8);
const rc2 = (keyLength: number): Cipher => ({ keyLength, ivLength: 8, decrypt: decryptRc2 });
/** With two keys: the first one is the third one too. */
const TWO_KEY_DES3: Cipher = {
  ...DES3,
  keyLength: 16,
  decrypt: (key, ...rest) => DES3.decrypt(Buffer.concat([key, key.subarray(0, 8)]), ...rest),
};

/** pbeWithSHAAnd… of RFC 7292 C; those with RC4 are in no file of the last twenty years. */
const PKCS12_SCHEMES: ReadonlyMap<string, Cipher> = new Map([
  ['1.2.840.113549.1.12.1.3', DES3],
  ['1.2.840.113549.1.12.1.4', TWO_KEY_DES3],
  ['1.2.840.113549.1.12.1.5', rc2(16)],
  ['1.2.840.113549.1.12.1.6', rc2(5)],
]);

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const PBES2_CIPHERS: ReadonlyMap<string, Cipher> = new Map([
  ['2.16.840.1.101.3.4.1.2', nodeCipher('aes-128-cbc', 16, 16)],
  ['2.16.840.1.101.3.4.1.22', nodeCipher('aes-192-cbc', 24, 16)],
  ['2.16.840.1.101.3.4.1.42', nodeCipher('aes-256-cbc', 32, 16)],
  ['1.2.840.113549.3.7', DES3],
]);

const HMACS: ReadonlyMap<string, Digest> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);

/** The digest of an HMAC by its OID. Throws DerError for another one. */
export function hmacDigest(id: string): Digest {
  const digest = HMACS.get(id);
  if (!digest) throw new DerError(`the message authentication code ${id} is not supported`);
  return digest;
}

/**
 * Decrypts with an AlgorithmIdentifier, its elements in `algorithm`. Throws DerError when it is not supported or malformed,
 * and another error when the content cannot be decrypted, as with a wrong passphrase.
 */
export function decryptWithPassphrase(algorithm: DerReader, content: Uint8Array, passphrase: string): Buffer {
  const id = algorithm.oid();
  const parameters = algorithm.sequence();
  const cipher = PKCS12_SCHEMES.get(id);
  if (cipher) return decryptPkcs12(cipher, parameters, content, passphrase);
  if (id === PBES2) return decryptPbes2(parameters, content, passphrase);
  throw new DerError(`the encryption ${id} is not supported`);
}

function decryptPkcs12(cipher: Cipher, parameters: DerReader, content: Uint8Array, text: string): Buffer {
  const salt = parameters.octetString();
  const iterations = parameters.smallInteger();
  const derived = { digest: 'sha1', passphrase: bmpPassphrase(text), salt, iterations } as const;
  const key = deriveKey({ ...derived, purpose: PURPOSE.encryption, length: cipher.keyLength });
  const iv = deriveKey({ ...derived, purpose: PURPOSE.iv, length: cipher.ivLength });
  return cipher.decrypt(key, iv, content);
}

function decryptPbes2(parameters: DerReader, content: Uint8Array, text: string): Buffer {
  const derivation = parameters.sequence();
  const scheme = parameters.sequence();
  const id = scheme.oid();
  const cipher = PBES2_CIPHERS.get(id);
  if (!cipher) throw new DerError(`the encryption ${id} is not supported`);
  const iv = scheme.octetString();
  const key = pbkdf2Key(derivation, cipher.keyLength);
  try {
    return cipher.decrypt(key(Buffer.from(text, 'utf8')), iv, content);
  } catch {
    // NSS before 3.31 takes the UTF-16 of PKCS#12 here too.
    return cipher.decrypt(key(bmpPassphrase(text)), iv, content);
  }
}

/** More than any writer uses; a million takes some tenths of a second. */
const MOST_ITERATIONS = 10_000_000;

/** RFC 8018 A.2: what derives a key of this length from a passphrase. Throws DerError for another function. */
export function pbkdf2Key(derivation: DerReader, wanted: number): (passphrase: Uint8Array) => Buffer {
  const id = derivation.oid();
  if (id !== PBKDF2) throw new DerError(`the key derivation ${id} is not supported`);
  const parameters = derivation.sequence();
  const salt = parameters.octetString();
  const iterations = parameters.smallInteger();
  if (iterations < 1 || iterations > MOST_ITERATIONS)
    throw new DerError(`${iterations} iterations of a key derivation`);
  const length = parameters.tag === 0x02 ? parameters.smallInteger() : wanted;
  if (length !== wanted) throw new DerError(`a key of ${length} octets`);
  const digest = parameters.done ? 'sha1' : hmacDigest(parameters.sequence().oid());
  return (passphrase) => pbkdf2Sync(passphrase, salt, iterations, length, digest);
}
