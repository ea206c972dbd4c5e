/** Long work in batches that are as large as a bound of time allows, with pauses between them. */

/** What is measured and waited with. `now`: milliseconds of a clock that is never set; `pause`: resolves after so many. */
export type BatchTiming = { now: () => number; pause: (ms: number) => Promise<void> };

/** Milliseconds that a batch should take. Its size doubles at most, so that the next one takes less than 50. */
const AIM = 10;
/** Of milliseconds, for others that want the store: at least so many, and twice as many as the batch took. */
const LEAST_PAUSE = 20;
/** A commit takes its time however little it commits, so that fewer would only need more commits. */
const FEWEST = 32;
const MOST = 1_000;

/**
 * Calls `batch` with a size until it returns false or the signal aborts. The first ones are small. What others did
 * meanwhile counts as time of the batch, so that batches are small while much is to do.
 */
export async function inBatches(
  batch: (size: number) => Promise<boolean>,
  { now, pause }: BatchTiming,
  signal: AbortSignal,
): Promise<void> {
  for (let size = FEWEST; !signal.aborted; ) {
    const since = now();
    if (!(await batch(size))) return;
    const took = now() - since;
    size = nextSize(size, took);
    await pause(Math.max(LEAST_PAUSE, 2 * took));
  }
}

const nextSize = (size: number, took: number): number =>
  Math.min(MOST, 2 * size, Math.max(FEWEST, Math.floor((size * AIM) / Math.max(took, 0.1))));
