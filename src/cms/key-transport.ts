/** What RSA key transport can carry, and which octets can be its ciphertext: facts that everybody knows of a key. */
import { DerReader } from '../asn1/reader.ts';
import type { KeyKind, KeyTransport } from '../core/keys.ts';
import { DIGESTS } from './algorithms.ts';

/** Octets of the longest message, RFC 8017 7.1.1 and 7.2.1. Negative when the key is too short for the scheme. */
export function transportCapacity(key: KeyKind, transport: KeyTransport): number {
  const octets = Math.ceil(key.bits / 8);
  if (transport.scheme === 'pkcs1') return octets - 11;
  const hash = DIGESTS.find((row) => row.digest === transport.hash)!;
  return octets - 2 * hash.octets - 2;
}

/** Whether the octets are a number below the modulus of the RSA key, as long as it: RFC 8017 7.1.2 and 7.2.2. */
export function isCiphertextOf(spki: Uint8Array, octets: Uint8Array): boolean {
  const modulus = modulusOf(spki);
  return octets.length === modulus.length && Buffer.compare(octets, modulus) < 0;
}

function modulusOf(spki: Uint8Array): Uint8Array {
  const info = DerReader.over(spki).sequence();
  info.element();
  const modulus = DerReader.over(info.bitString()).sequence().integer();
  return modulus[0] === 0 ? modulus.subarray(1) : modulus;
}
