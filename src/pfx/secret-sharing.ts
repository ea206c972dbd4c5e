/**
 * Splits a secret into shares, of which some number together gives it back and one fewer says nothing about it (Shamir, How to share a secret, 1979).
 * Each octet is shared alone, in the field of 256 elements of AES (FIPS 197 4). The tables are not read in constant time: who could measure that
 * runs beside a server that has the secret anyway.
 */
import type { RandomBytes } from '../core/environment.ts';

/** One point of the polynomials: `x` from 1 to 255, and one octet of `y` for each octet of the secret. */
export type SecretShare = { x: number; y: Uint8Array };

/** Powers of the generator 3, and their logarithms; x^8 + x^4 + x^3 + x + 1 is zero. */
const POWERS = new Uint8Array(255);
const LOGARITHMS = new Uint8Array(256);
for (let i = 0, value = 1; i < 255; i++) {
  POWERS[i] = value;
  LOGARITHMS[value] = i;
  value ^= (value << 1) ^ (value & 0x80 ? 0x11b : 0);
}

/** Every index here is within its array. */
const at = (octets: Uint8Array, index: number): number => octets[index] ?? 0;

/** The product of two elements of the field. */
export const product = (a: number, b: number): number =>
  a === 0 || b === 0 ? 0 : at(POWERS, (at(LOGARITHMS, a) + at(LOGARITHMS, b)) % 255);

/** `b` is not zero. */
const quotient = (a: number, b: number): number =>
  a === 0 ? 0 : at(POWERS, (at(LOGARITHMS, a) + 255 - at(LOGARITHMS, b)) % 255);

/**
 * As many shares as `count`, numbered from 1; any `required` of them give the secret back. Throws RangeError unless 2 ≤ `required` ≤ `count` ≤ 255.
 */
export function split(
  secret: Uint8Array,
  { required, count }: { required: number; count: number },
  random: RandomBytes,
): SecretShare[] {
  if (!(required >= 2 && required <= count && count <= 255))
    throw new RangeError(`${required} of ${count} shares: at least 2, and at most as many as there are, up to 255`);
  // The coefficients of each degree from 1 on; the secret is that of degree 0.
  const coefficients = Array.from({ length: required - 1 }, () => random(secret.length));
  return Array.from({ length: count }, (_, i) => ({ x: i + 1, y: valuesAt(i + 1, [secret, ...coefficients]) }));
}

/** The polynomial of each octet at `x`, by Horner's rule. */
const valuesAt = (x: number, coefficients: readonly Uint8Array[]): Uint8Array =>
  coefficients.reduceRight((sum, each) => each.map((octet, i) => octet ^ product(at(sum, i), x)), new Uint8Array(0));

/**
 * The secret of these shares: the polynomials at zero (Lagrange). Fewer shares than were required, or a wrong one, give other octets and no error. Throws RangeError for shares with
 * the same number or of different lengths.
 */
export function combined(shares: readonly SecretShare[]): Uint8Array {
  const length = shares[0]?.y.length ?? 0;
  if (
    new Set(shares.map(({ x }) => x)).size < shares.length ||
    shares.some(({ x, y }) => x < 1 || x > 255 || y.length !== length)
  )
    throw new RangeError('shares with the same number, or of different lengths');
  const weights = shares.map(({ x }) => weightAtZero(x, shares));
  return Uint8Array.from({ length }, (_, i) =>
    shares.reduce((sum, { y }, j) => sum ^ product(at(y, i), weights[j] ?? 0), 0),
  );
}

const weightAtZero = (x: number, shares: readonly SecretShare[]): number =>
  shares.reduce((weight, other) => (other.x === x ? weight : product(weight, quotient(other.x, other.x ^ x))), 1);
