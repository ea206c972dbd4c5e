/** A key in the memory of this process: read from PEM, or generated. */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  decapsulate,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto';
import type { Digest, KeyProvider, KeyTransport, SignatureInput } from '../core/keys.ts';
import { ConfigError } from '../core/errors.ts';
import { hasMlKemKey, readMlKemKey } from '../pkix/ml-kem.ts';
import { readKeyKind, readPublicKey } from '../pkix/public-key.ts';
import { signPartsWithKeyObject, signWithKeyObject } from '../pkix/signature.ts';
import { withPkcs1 } from '../pkix/with-pkcs1.ts';
import { assertCiphertextLength } from './ciphertext.ts';
import { decodeOaep } from './oaep.ts';

/** A key provider whose private key can be exported. */
export type SoftwareKey = KeyProvider & { readonly privateKey: KeyObject };

/**
 * A KeyProvider over a private KeyObject: RSA, EC, ML-DSA, ML-KEM or Ed25519 (which both refuse to `sign`). Throws DerError for another type,
 * curve or size. The first PKCS#1 decryption sets the padding of an RSA KeyObject (`pkix/with-pkcs1.ts`), also for
 * other code that uses the same object.
 */
export function softwareKey(privateKey: KeyObject): SoftwareKey {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  if (hasMlKemKey(spki)) return receivingKey(privateKey, spki);
  const kind = readKeyKind(spki);
  const sign = (input: SignatureInput): Buffer => signWithKeyObject(privateKey, input);
  const inMemory = { spki, kind, inProcess: true, privateKey, sign };
  if (kind.type !== 'rsa' && kind.type !== 'ec') return inMemory;
  const signParts = (parts: AsyncIterable<Uint8Array>, digest: Digest): Promise<Buffer> =>
    signPartsWithKeyObject(privateKey, parts, digest);
  const provider = { ...inMemory, signParts };
  if (kind.type === 'ec')
    return { ...provider, agree: (spki) => diffieHellman({ privateKey, publicKey: readPublicKey(spki).key }) };
  return {
    ...provider,
    decrypt(ciphertext, transport) {
      assertCiphertextLength(kind, ciphertext);
      return decrypt(privateKey, ciphertext, transport);
    },
  };
}

/** ML-KEM. */
const receivingKey = (privateKey: KeyObject, spki: Uint8Array): SoftwareKey => ({
  spki,
  kind: readMlKemKey(spki).kind,
  inProcess: true,
  privateKey,
  sign() {
    throw new TypeError('an ML-KEM key signs nothing');
  },
  decapsulate: (ciphertext) => decapsulate(privateKey, ciphertext),
});

function decrypt(key: KeyObject, ciphertext: Uint8Array, transport: KeyTransport): Uint8Array {
  // Node 24 rejects wrong PKCS#1 padding implicitly: it returns random octets, as KeyProvider demands.
  if (transport.scheme === 'pkcs1') return privateDecrypt(withPkcs1(key), ciphertext);
  // OpenSSL checks OAEP in constant time but then throws, and an attacker can measure the time of a throw (Manger).
  const encoded = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, ciphertext);
  return decodeOaep(encoded, transport.hash, transport.mgf1Hash);
}

/** The keys that `openndes init` can generate. */
export const KEY_CHOICES = [
  'rsa-2048',
  'rsa-3072',
  'rsa-4096',
  'p256',
  'p384',
  'ml-dsa-44',
  'ml-dsa-65',
  'ml-dsa-87',
] as const;
/** A key that `openndes init` can generate. */
export type KeyChoice = (typeof KEY_CHOICES)[number];

/** Generates a key. RSA takes up to some seconds and blocks the process; for commands and tests, not for the server. */
export function generateKey(choice: KeyChoice): SoftwareKey {
  if (choice === 'p256' || choice === 'p384')
    return softwareKey(generateKeyPairSync('ec', { namedCurve: choice === 'p256' ? 'P-256' : 'P-384' }).privateKey);
  if (choice === 'ml-dsa-44' || choice === 'ml-dsa-65' || choice === 'ml-dsa-87')
    return softwareKey(generateKeyPairSync(choice).privateKey);
  return softwareKey(generateKeyPairSync('rsa', { modulusLength: Number(choice.slice(4)) }).privateKey);
}

/** A private key as PKCS#8 PEM, encrypted with AES-256-CBC when there is a passphrase. */
export const privateKeyPem = (key: KeyObject, passphrase?: string): string =>
  key.export({ type: 'pkcs8', format: 'pem', ...(passphrase ? { cipher: 'aes-256-cbc', passphrase } : {}) }).toString();

/** A key from PEM text. `where` names the file for the error. Throws ConfigError, which never contains the key. */
export function keyFromPem(pem: string, where: string, passphrase?: string): SoftwareKey {
  const privateKey = readPem(pem, where, passphrase);
  try {
    const key = softwareKey(privateKey);
    if (key.kind.type !== 'ed25519') return key;
  } catch (cause) {
    throw new ConfigError(`${where}: a private key of a kind that cannot be used`, USABLE, { cause });
  }
  throw new ConfigError(`${where}: an Ed25519 key, which SCEP clients do not know`, USABLE);
}

const USABLE = 'Use an RSA key of 2048 to 8192 bits, an EC key on P-256, P-384 or P-521, or an ML-DSA key.';

function readPem(pem: string, where: string, passphrase?: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    if (!pem.includes('ENCRYPTED'))
      throw new ConfigError(`${where}: not a private key`, 'It must be PKCS#8 or traditional PEM, RSA or EC.', {
        cause,
      });
    if (isUnsupported(cause))
      throw new ConfigError(
        `${where}: this private key is encrypted in an old way that OpenSSL 3 does not read`,
        'Encrypt it anew: openssl pkcs8 -topk8 -provider legacy -provider default -in OLD -out NEW.',
        { cause },
      );
    throw new ConfigError(
      `${where}: the passphrase of this private key is ${passphrase ? 'wrong' : 'missing'}`,
      'Give the passphrase with `passphrase: "${env:NAME}"`.',
      { cause },
    );
  }
}

/** As with MD5 and DES, which OpenSSL 1.0 took for PKCS#8. A wrong passphrase is another error. */
const isUnsupported = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'ERR_OSSL_EVP_UNSUPPORTED';

/** Generates an ML-KEM-768 key, for an RA. */
export const generateKemKey = (): SoftwareKey => softwareKey(generateKeyPairSync('ml-kem-768').privateKey);
