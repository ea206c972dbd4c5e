/** Work on many things, a few of them at the same time. */
const AT_ONCE = 12;

/** Calls `work` for each, in their order. */
export async function inTurns<T>(all: readonly T[], work: (one: T, n: number) => Promise<void>): Promise<void> {
  const rest = all.entries();
  const turn = async (): Promise<void> => {
    for (const [n, one] of rest) await work(one, n);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, turn));
}
