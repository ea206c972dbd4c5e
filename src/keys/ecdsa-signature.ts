/** ECDSA-Sig-Value (RFC 3279 2.2.3), DER, from the form of WebCrypto, PKCS#11 and Azure, in which s follows r. */
import { sequence, unsignedInteger } from '../asn1/writer.ts';

/** Both numbers have the length of the field. Throws TypeError for octets that cannot be two of them. */
export function ecdsaSignature(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  if (raw.length === 0 || !Number.isInteger(half))
    throw new TypeError(`${raw.length} octets are not an ECDSA signature`);
  return sequence(unsignedInteger(raw.subarray(0, half)), unsignedInteger(raw.subarray(half)));
}
