/**
 * Ephemeral-static ECDH (RFC 5753 3.1): encrypts a content key to a recipient with an EC key, which cannot decrypt.
 * Both sides derive the key that wraps the content key. This file writes the recipient info; agreed-envelope.ts reads
 * it.
 */
import { createCipheriv, createDecipheriv, diffieHellman, generateKeyPairSync, hash } from 'node:crypto';
import { DerError } from '../asn1/limits.ts';
import { explicit } from '../asn1/tags.ts';
import { encode, nullValue, octetString, oid, sequence, smallInteger } from '../asn1/writer.ts';
import type { Digest } from '../core/keys.ts';
import type { CertificateView } from '../pkix/certificate.ts';
import type { PublicKey } from '../pkix/public-key.ts';
import { curveDigest } from '../pkix/signature.ts';
import { CIPHERS, type ContentCipher, DIGESTS, digestOctets } from './algorithms.ts';
import { issuerAndSerialNumber } from './signed-data.ts';

/** dhSinglePass-stdDH with the KDF of X9.63, by the hash of the KDF. RFC 5753 7.1.4. */
const SCHEMES: Readonly<Record<Digest, string>> = {
  sha1: '1.3.133.16.840.63.0.2',
  sha224: '1.3.132.1.11.0',
  sha256: '1.3.132.1.11.1',
  sha384: '1.3.132.1.11.2',
  sha512: '1.3.132.1.11.3',
};
/** The hash of the KDF of a keyEncryptionAlgorithm OID, or undefined when it is not supported. */
export const derivationDigest = (id: string): Digest | undefined =>
  DIGESTS.find(({ digest }) => SCHEMES[digest] === id)?.digest;

/** The key length in octets of a key wrap OID (RFC 3565 2.3.2), or undefined when it is not supported. */
export const wrappingKeyBytes = (id: string): number | undefined => CIPHERS.find((row) => row.keyWrap === id)?.keyBytes;

/** The input of the key derivation. `keyWrap` and `ukm` must be the octets in the message, so that both sides agree. */
export type Derivation = {
  /** The ECDH secret: the x coordinate, as long as the field. SEC 1 3.3.1. */
  secret: Uint8Array;
  digest: Digest;
  /** KeyWrapAlgorithm, DER. */
  keyWrap: Uint8Array;
  keyBytes: number;
  /** User keying material. Other writers may add it; this product does not. */
  ukm?: Uint8Array | undefined;
};

/** The key-encryption key: SEC 1 3.6.1 over ECC-CMS-SharedInfo, RFC 5753 7.2. */
export function keyEncryptionKey({ secret, digest, keyWrap, keyBytes, ukm }: Derivation): Uint8Array {
  const entityInfo = ukm ? [encode(explicit(0), octetString(ukm))] : [];
  const keyLength = encode(explicit(2), octetString(unsigned32(keyBytes * 8)));
  const sharedInfo = sequence(keyWrap, ...entityInfo, keyLength);
  const blocks: Uint8Array[] = [];
  for (let done = 0; done < keyBytes; done += digestOctets(digest))
    blocks.push(hash(digest, Buffer.concat([secret, unsigned32(blocks.length + 1), sharedInfo]), 'buffer'));
  return Buffer.concat(blocks).subarray(0, keyBytes);
}

function unsigned32(value: number): Uint8Array {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}

/** RFC 3394 2.2.3.1. */
const WRAP_IV = Buffer.alloc(8, 0xa6);
const wrapName = (key: Uint8Array): string => `id-aes${key.length * 8}-wrap`;

const wrapped = (key: Uint8Array, contentKey: Uint8Array): Uint8Array => {
  const cipher = createCipheriv(wrapName(key), key, WRAP_IV);
  return Buffer.concat([cipher.update(contentKey), cipher.final()]);
};

/** Unwraps the content key. Throws DerError when it was wrapped with another key, which RFC 3394 2.2.3 detects. */
export function unwrapped(key: Uint8Array, encryptedKey: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv(wrapName(key), key, WRAP_IV);
    return Buffer.concat([decipher.update(encryptedKey), decipher.final()]);
  } catch (cause) {
    throw new DerError('the agreed key does not unwrap encryptedKey', { cause });
  }
}

/**
 * KeyWrapAlgorithm, DER. RFC 3565 2.3.2: no parameters. `nullWrap`: NULL, from which BouncyCastle for .NET derives its key
 * whatever the message says.
 */
export const keyWrapAlgorithm = (id: string, nullWrap = false): Uint8Array =>
  nullWrap ? sequence(oid(id), nullValue) : sequence(oid(id));

const CURVES: ReadonlyMap<number, string> = new Map([
  [256, 'P-256'],
  [384, 'P-384'],
  [521, 'P-521'],
]);
const VERSION_3 = smallInteger(3);

/**
 * `[1]` KeyAgreeRecipientInfo, DER, for one EC recipient named by issuer and serial number, with a new ephemeral key
 * pair. The hash of the KDF matches the curve. RFC 5652 6.2.2. `nullWrap`: see `keyWrapAlgorithm`. Throws TypeError for a
 * key that is not EC.
 */
export function keyAgreeRecipientInfo(
  { certificate, key }: { certificate: CertificateView; key: PublicKey },
  contentKey: Uint8Array,
  cipher: ContentCipher & { keyWrap: string; nullWrap?: boolean },
): Uint8Array {
  const { keyBytes } = cipher;
  const digest = curveDigest(key.kind.bits);
  const keyWrap = keyWrapAlgorithm(cipher.keyWrap, cipher.nullWrap);
  const namedCurve = CURVES.get(key.kind.bits);
  if (!namedCurve) throw new TypeError(`no curve of ${key.kind.bits} bits`);
  const ephemeral = generateKeyPairSync('ec', { namedCurve });
  const secret = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: key.key });
  const keyKey = keyEncryptionKey({ secret, digest, keyWrap, keyBytes });
  // OriginatorPublicKey is a SubjectPublicKeyInfo with another tag.
  const originatorKey = ephemeral.publicKey.export({ format: 'der', type: 'spki' });
  originatorKey[0] = explicit(1);
  return encode(
    explicit(1),
    VERSION_3,
    encode(explicit(0), originatorKey),
    sequence(oid(SCHEMES[digest]), keyWrap),
    sequence(sequence(issuerAndSerialNumber(certificate), octetString(wrapped(keyKey, contentKey)))),
  );
}
