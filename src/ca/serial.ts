/** Serial numbers that cannot be predicted. */
import type { RandomBytes } from '../core/environment.ts';

/**
 * 128 random bits as an unsigned magnitude: positive, and at most 20 octets (RFC 5280 4.1.2.2). Throws on zeros only.
 */
export function randomSerial(random: RandomBytes): Uint8Array {
  const serial = random(16);
  // With a working random source the probability is 2^-128.
  if (serial.every((octet) => octet === 0)) throw new Error('the random source returns only zeros');
  return serial;
}
