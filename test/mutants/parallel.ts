/** As many at a time as there are cores. */
import { availableParallelism } from 'node:os';

/** The results in the order of the items. Rejects with the first error, and starts no further item. */
export async function inParallel<T, R>(
  items: readonly T[],
  task: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results;

  async function work(): Promise<void> {
    for (const [index, item] of left) results[index] = await task(item, index);
  }
}
