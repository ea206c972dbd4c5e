/** Serial numbers nobody can foresee. */
import type { RandomBytes } from '../core/environment.ts';

/** 128 random bits as an unsigned magnitude: positive and within the 20 octets of RFC 5280 4.1.2.2. */
export function randomSerial(random: RandomBytes): Uint8Array {
  const serial = random(16);
  // By chance this comes once in 2^128 certificates.
  if (serial.every((octet) => octet === 0)) throw new Error('the random source gives nothing but zeros');
  return serial;
}
