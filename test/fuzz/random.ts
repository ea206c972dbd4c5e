/** A seeded random source: the same seed gives the same choices. Not for secrets. */

export type Random = {
  /** An integer from 0 up to, not including, `end`. */
  below(end: number): number;
  pick<T>(from: readonly T[]): T;
  octets(length: number): Buffer;
};

/** Mulberry32. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
  const below = (end: number): number => next() % Math.max(1, end);
  return {
    below,
    pick: (from) => from[below(from.length)]!,
    octets: (length) => Buffer.from(Array.from({ length }, () => next() & 0xff)),
  };
}
