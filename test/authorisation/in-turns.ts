/** Work on many things, a few of them at the same time. */
import { CONNECTIONS } from './server.ts';

/** Calls `work` for each, in their order, for as many at the same time as there are connections. */
export async function inTurns<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values();
  const turn = async (): Promise<void> => {
    for (const one of rest) await work(one);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, turn));
}
