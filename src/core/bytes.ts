/** Comparison of octets. */

/** Whether both arrays have the same octets. Not in constant time: for public values, not for secrets. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
