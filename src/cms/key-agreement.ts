/**
 * Ephemeral-static ECDH (RFC 5753 3.1): how a content key reaches somebody who has an EC key, which decrypts nothing.
 * Both sides derive the key that wraps the content key; written here, read in agreed-envelope.ts.
 */
import { createCipheriv, createDecipheriv, diffieHellman, generateKeyPairSync, hash } from 'node:crypto';
import { DerError } from '../asn1/limits.ts';
import { explicit } from '../asn1/tags.ts';
import { encode, octetString, oid, sequence, smallInteger } from '../asn1/writer.ts';
import type { Digest } from '../core/keys.ts';
import type { CertificateView } from '../pkix/certificate.ts';
import type { PublicKey } from '../pkix/public-key.ts';
import { digestFor } from '../pkix/signature.ts';
import { CIPHERS, type ContentCipher } from './algorithms.ts';
import { issuerAndSerialNumber } from './signed-data.ts';

/** dhSinglePass-stdDH with the KDF of X9.63, by the hash of the KDF. RFC 5753 7.1.4. */
const SCHEMES: readonly { oid: string; digest: Digest }[] = [
  { digest: 'sha1', oid: '1.3.133.16.840.63.0.2' },
  { digest: 'sha224', oid: '1.3.132.1.11.0' },
  { digest: 'sha256', oid: '1.3.132.1.11.1' },
  { digest: 'sha384', oid: '1.3.132.1.11.2' },
  { digest: 'sha512', oid: '1.3.132.1.11.3' },
];
/** The hash of a keyEncryptionAlgorithm OID, or undefined when it is none of ours. */
export const derivationDigest = (id: string): Digest | undefined => SCHEMES.find((row) => row.oid === id)?.digest;

/** Octets of the key of a key wrap OID (RFC 3565 2.3.2), or undefined when it is none of ours. */
export const wrappingKeyBytes = (id: string): number | undefined => CIPHERS.find((row) => row.keyWrap === id)?.keyBytes;

/** Both ends derive the same key only from the same octets: those of `keyWrap` and `ukm` are the ones in the message. */
export type Derivation = {
  /** What ECDH gave: the x coordinate, as long as the field. SEC 1 3.3.1. */
  secret: Uint8Array;
  digest: Digest;
  /** KeyWrapAlgorithm, DER. */
  keyWrap: Uint8Array;
  keyBytes: number;
  /** User keying material, which only other writers add. */
  ukm?: Uint8Array | undefined;
};

/** The key-encryption key: SEC 1 3.6.1 over ECC-CMS-SharedInfo, RFC 5753 7.2. */
export function keyEncryptionKey({ secret, digest, keyWrap, keyBytes, ukm }: Derivation): Uint8Array {
  const entityInfo = ukm ? [encode(explicit(0), octetString(ukm))] : [];
  const keyLength = encode(explicit(2), octetString(unsigned32(keyBytes * 8)));
  const sharedInfo = sequence(keyWrap, ...entityInfo, keyLength);
  const blocks: Uint8Array[] = [];
  for (let made = 0; made < keyBytes; made += blocks.at(-1)!.length)
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

/** The content key. Throws DerError when it was wrapped with another key: the wrap has a check of its own. */
export function unwrapped(key: Uint8Array, encryptedKey: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv(wrapName(key), key, WRAP_IV);
    return Buffer.concat([decipher.update(encryptedKey), decipher.final()]);
  } catch (cause) {
    throw new DerError('encryptedKey that the agreed key does not unwrap', { cause });
  }
}

const CURVES: ReadonlyMap<number, string> = new Map([
  [256, 'P-256'],
  [384, 'P-384'],
  [521, 'P-521'],
]);
const VERSION_3 = smallInteger(3);

/**
 * `[1]` KeyAgreeRecipientInfo, DER, for one EC recipient named by issuer and serial number, from a key pair that is
 * used once. The KDF has the hash that fits the curve. RFC 5652 6.2.2.
 */
export function keyAgreeRecipientInfo(
  { certificate, key }: { certificate: CertificateView; key: PublicKey },
  contentKey: Uint8Array,
  cipher: ContentCipher & { keyWrap: string },
): Uint8Array {
  const { keyBytes } = cipher;
  const digest = digestFor(key.kind);
  const scheme = SCHEMES.find((row) => row.digest === digest)!;
  const keyWrap = sequence(oid(cipher.keyWrap));
  const ephemeral = generateKeyPairSync('ec', { namedCurve: CURVES.get(key.kind.bits)! });
  const secret = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: key.key });
  const keyKey = keyEncryptionKey({ secret, digest, keyWrap, keyBytes });
  // OriginatorPublicKey is a SubjectPublicKeyInfo but for its tag.
  const originatorKey = ephemeral.publicKey.export({ format: 'der', type: 'spki' });
  originatorKey[0] = explicit(1);
  return encode(
    explicit(1),
    VERSION_3,
    encode(explicit(0), originatorKey),
    sequence(oid(scheme.oid), keyWrap),
    sequence(sequence(issuerAndSerialNumber(certificate), octetString(wrapped(keyKey, contentKey)))),
  );
}
