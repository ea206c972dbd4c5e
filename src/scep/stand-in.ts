/**
 * What is verified in the place of a certification request that cannot be parsed, so that this takes as long as one whose proof of
 * possession is wrong. Verifying takes 30 µs with RSA-2048 and 500 µs with P-384 or ML-DSA-87: it is done with the key that the
 * request names. That key comes before the challenge, and what follows it changes nothing here.
 */
import { catchDerError } from '../asn1/limits.ts';
import { sequence, unsignedInteger } from '../asn1/writer.ts';
import { equalBytes } from '../core/bytes.ts';
import type { KeyKind } from '../core/keys.ts';
import { readCertificationRequest, type UnprovenRequest } from '../pkix/csr.ts';
import { ML_DSA } from '../pkix/ml-dsa.ts';
import { importKey, type PublicKey, type ReadKey } from '../pkix/public-key.ts';
import { curveDigest } from '../pkix/signature.ts';
import { DECOY_REQUEST } from './decoy.ts';

/**
 * The decoy under the key that the octets name, with a signature that is wrong after the whole computation; as it is where they
 * name none, or one that OpenSSL refuses.
 */
export function standIn(named?: ReadKey, signer?: PublicKey): { request: UnprovenRequest; key: PublicKey } {
  const request = readCertificationRequest(DECOY_REQUEST);
  const key = named && imported(named, signer);
  return key
    ? { request: { ...request, ...wrongProof(key.kind) }, key }
    : { request, key: importKey(request.publicKey) };
}

/** The key of the signer is imported already. */
const imported = (named: ReadKey, signer?: PublicKey): PublicKey | undefined =>
  signer && equalBytes(named.spki, signer.spki)
    ? signer
    : catchDerError(
        () => importKey(named),
        () => undefined,
      );

type Proof = Pick<UnprovenRequest, 'algorithm' | 'signature'>;

function wrongProof({ type, bits }: KeyKind): Proof {
  const octets = ML_DSA.find((row) => row.type === type)?.signatureOctets;
  if (octets !== undefined) return { algorithm: { type, digest: undefined }, signature: Buffer.alloc(octets) };
  if (type === 'ec') return { algorithm: { type, digest: curveDigest(bits) }, signature: ecdsaSignature(bits) };
  // Below the modulus, whose first octet is not zero: OpenSSL computes before it rejects.
  const signature = Buffer.alloc(Math.ceil(bits / 8), 0x11);
  signature[0] = 0;
  return { algorithm: { type, digest: 'sha256' }, signature };
}

/** ECDSA-Sig-Value: numbers in range on each curve, as long as others are, and not the same: their quotient is a factor. */
function ecdsaSignature(bits: number): Uint8Array {
  const number = (octet: number): Uint8Array => unsignedInteger(Buffer.alloc(Math.floor(bits / 8), octet));
  return sequence(number(0x11), number(0x2d));
}
