/** A key in the memory of this process: from a PEM file, or new. */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  sign,
} from 'node:crypto';
import type { KeyProvider, KeyTransport } from '../core/contracts.ts';
import { ConfigError } from '../core/errors.ts';
import { readKeyKind } from '../pkix/public-key.ts';

/** A KeyProvider over a private KeyObject, RSA or EC. */
export function softwareKey(privateKey: KeyObject): KeyProvider & { privateKey: KeyObject } {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const key = readKeyKind(spki);
  // A bare KeyObject is the fast way into OpenSSL: PKCS#1 v1.5 for RSA, DER-encoded ECDSA for EC.
  const provider = {
    spki,
    key,
    privateKey,
    sign: (data: Uint8Array, digest: string) => sign(digest, data, privateKey),
  };
  return key.type === 'rsa'
    ? { ...provider, decrypt: (ciphertext, transport) => decrypt(privateKey, ciphertext, transport) }
    : provider;
}

/** Node 24 rejects wrong PKCS#1 padding implicitly: random octets come back, as the contract demands. */
function decrypt(key: KeyObject, ciphertext: Uint8Array, transport: KeyTransport): Uint8Array {
  if (transport.scheme === 'pkcs1') return privateDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, ciphertext);
  return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: transport.hash }, ciphertext);
}

/** The keys that `init` can make. */
export const KEY_CHOICES = ['rsa-2048', 'rsa-3072', 'rsa-4096', 'p256', 'p384'] as const;
export type KeyChoice = (typeof KEY_CHOICES)[number];

export function generateKey(choice: KeyChoice): KeyProvider & { privateKey: KeyObject } {
  if (choice === 'p256' || choice === 'p384')
    return softwareKey(generateKeyPairSync('ec', { namedCurve: choice === 'p256' ? 'P-256' : 'P-384' }).privateKey);
  return softwareKey(generateKeyPairSync('rsa', { modulusLength: Number(choice.slice(4)) }).privateKey);
}

/** PKCS#8 PEM, encrypted with AES-256-CBC when a passphrase is given. */
export const privateKeyPem = (key: KeyObject, passphrase?: string): string =>
  key.export({ type: 'pkcs8', format: 'pem', ...(passphrase ? { cipher: 'aes-256-cbc', passphrase } : {}) }).toString();

/** A key from PEM text. `where` names the file for the error. Throws ConfigError, never with the key in it. */
export function keyFromPem(pem: string, where: string, passphrase?: string): KeyProvider & { privateKey: KeyObject } {
  try {
    return softwareKey(createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) }));
  } catch (cause) {
    const encrypted = pem.includes('ENCRYPTED');
    const message = encrypted
      ? `${where}: the passphrase of this private key is ${passphrase ? 'wrong' : 'missing'}`
      : `${where}: not a private key that can be used`;
    throw new ConfigError(
      message,
      encrypted
        ? 'Give the passphrase with `passphrase: "${env:NAME}"`.'
        : 'It must be PKCS#8 or traditional PEM, RSA or EC.',
      { cause },
    );
  }
}
