/** RSA key transport: the longest message, and which octets can be a ciphertext. All of it depends on public facts. */
import { DerReader } from '../asn1/reader.ts';
import { equalBytes } from '../core/bytes.ts';
import type { KeyKind, KeyTransport } from '../core/keys.ts';
import { digestOctets } from './algorithms.ts';

/** The length of the longest message in octets, RFC 8017 7.1.1 and 7.2.1. Negative when the key is too short. */
export function transportCapacity(key: KeyKind, transport: KeyTransport): number {
  const octets = Math.ceil(key.bits / 8);
  if (transport.scheme === 'pkcs1') return octets - 11;
  return octets - 2 * digestOctets(transport.hash) - 2;
}

/**
 * Whether the octets are as long as the modulus n of this RSA key, DER, and less than it: RFC 8017 7.1.2 and 7.2.2. 0, 1 and n - 1 are
 * no ciphertexts: they decrypt to themselves, which no padded message is, and OpenSSL refuses them in FIPS mode (SP 800-56B 7.1.2.1).
 */
export function isCiphertextOf(spki: Uint8Array, octets: Uint8Array): boolean {
  const modulus = modulusOf(spki);
  if (octets.length !== modulus.length || Buffer.compare(octets, modulus) >= 0) return false;
  const [last = 0, lastOfModulus = 0] = [octets.at(-1), modulus.at(-1)];
  const isOneLess = last === lastOfModulus - 1 && equalBytes(octets.subarray(0, -1), modulus.subarray(0, -1));
  return !isOneLess && (last > 1 || octets.subarray(0, -1).some((octet) => octet !== 0));
}

function modulusOf(spki: Uint8Array): Uint8Array {
  const info = DerReader.over(spki).sequence();
  info.element();
  const modulus = DerReader.over(info.bitString()).sequence().integer();
  return modulus[0] === 0 ? modulus.subarray(1) : modulus;
}
