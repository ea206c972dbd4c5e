/** What is sent to a key that signs hashes: the text itself stays here. */
import { createHash } from 'node:crypto';
import { nullValue, octetString, oid, sequence } from '../asn1/writer.ts';
import type { Digest, SignatureInput } from '../core/keys.ts';

/** The hash of the octets. */
export const hashed = (data: Uint8Array, digest: Digest): Buffer => createHash(digest).update(data).digest();

/** The digest of a signature that must have one. Throws TypeError without it. */
export function givenDigest({ digest }: Pick<SignatureInput, 'digest'>): Digest {
  if (digest === undefined) throw new TypeError('this key signs with a digest, and none was given');
  return digest;
}

const IDS: Readonly<Record<Digest, string>> = {
  sha1: '1.3.14.3.2.26',
  sha224: '2.16.840.1.101.3.4.2.4',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};

/** DigestInfo (RFC 8017 9.2), DER: what RSASSA-PKCS1-v1_5 pads. */
export const digestInfo = (data: Uint8Array, digest: Digest): Uint8Array =>
  sequence(sequence(oid(IDS[digest]), nullValue), octetString(hashed(data, digest)));
