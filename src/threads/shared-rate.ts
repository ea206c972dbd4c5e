/** A rate that the threads of one process share: some at once, and then as many as the time allows. */

/** `most` within `per` milliseconds. `memory`: one number in shared memory, at first 0, for all who take. */
export type SharedRate = { most: number; per: number; memory: BigInt64Array };

const NANOSECONDS = 1_000_000n;

/**
 * Takes one: 0, or the milliseconds after which one can be taken, when `most` were taken. The memory is the moment at which all
 * that was taken is used up, in nanoseconds; each one moves it on by its share of the time (GCRA).
 */
export function takeOne({ most, per, memory }: SharedRate, now: Date): number {
  const [at, whole] = [BigInt(now.getTime()) * NANOSECONDS, BigInt(per) * NANOSECONDS];
  const share = whole / BigInt(most);
  for (;;) {
    const before = Atomics.load(memory, 0);
    const end = (before > at ? before : at) + share;
    if (end - at > whole) return Number((end - at - whole) / NANOSECONDS) + 1;
    if (Atomics.compareExchange(memory, 0, before, end) === before) return 0;
  }
}
