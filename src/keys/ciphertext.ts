/** Checks the length of a ciphertext, the only property that can be reported without a padding oracle. */
import type { KeyKind } from '../core/keys.ts';

/** Throws RangeError unless the ciphertext is as long as the RSA modulus (RFC 8017 7.1.2 and 7.2.2). */
export function assertCiphertextLength(key: KeyKind, ciphertext: Uint8Array): void {
  const expected = Math.ceil(key.bits / 8);
  if (ciphertext.length !== expected)
    throw new RangeError(`a ciphertext of ${ciphertext.length} octets for an RSA key of ${expected} octets`);
}
