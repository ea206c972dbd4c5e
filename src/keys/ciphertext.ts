/** The one thing about a ciphertext that may be told to everybody: whether it is as long as the key. */
import type { KeyKind } from '../core/keys.ts';

/** Throws RangeError unless the ciphertext has exactly the octets of the RSA modulus (RFC 8017 7.1.2 and 7.2.2). */
export function assertCiphertextLength(key: KeyKind, ciphertext: Uint8Array): void {
  const expected = Math.ceil(key.bits / 8);
  if (ciphertext.length !== expected)
    throw new RangeError(`a ciphertext of ${ciphertext.length} octets for a key of ${expected}`);
}
