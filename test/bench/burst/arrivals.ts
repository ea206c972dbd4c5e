/** When devices arrive: independently of each other, and in each run at the same moments. */

/** Numbers from 0 to 1, below 1; the same ones for the same seed (mulberry32). */
export function seededChance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Seconds after the start at which each of `count` devices arrives: on average `rate` in a second. */
export function arrivals(count: number, rate: number, chance: () => number): number[] {
  let at = 0;
  return Array.from({ length: count }, () => (at -= Math.log(1 - chance()) / rate));
}
