/** Bounds how much work runs at the same time. */

export type Semaphore = {
  /** Runs the work when there is a permit, and waits for one while there is room in the queue. Throws what the work throws. */
  run<T>(work: () => Promise<T>): Promise<T | 'busy'>;
  /** How many pieces of work are running. */
  readonly running: number;
};

/** `permits` run at once and `queue` more wait, first come first served; beyond that `run` answers `busy` at once. */
export function semaphore({ permits, queue = 0 }: { permits: number; queue?: number }): Semaphore {
  let running = 0;
  const waiting: (() => void)[] = [];
  return {
    get running() {
      return running;
    },
    async run(work) {
      if (running >= permits && waiting.length >= queue) return 'busy';
      if (running >= permits) await new Promise<void>((resolve) => waiting.push(resolve));
      else running++;
      try {
        return await work();
      } finally {
        // The permit passes to the first in the queue without becoming free in between.
        const next = waiting.shift();
        if (next) next();
        else running--;
      }
    },
  };
}
