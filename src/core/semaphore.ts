/** Bounds how much work runs at the same time. */

export type Semaphore = {
  /**
   * Runs the work when there is a permit, and waits for one while there is room in the queue. Throws what the work throws,
   * and the reason of the signal when that aborts before there is a permit.
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T | 'busy'>;
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
    async run(work, signal) {
      if (running >= permits && waiting.length >= queue) return 'busy';
      if (running >= permits) await turn(waiting, signal);
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

/** Resolves at the turn of a new place in the queue. When the signal aborts first, the place is given up. */
function turn(waiting: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const leave = (): void => {
    waiting.splice(waiting.indexOf(enter), 1);
    reject(signal?.reason as Error);
  };
  const enter = (): void => {
    signal?.removeEventListener('abort', leave);
    resolve();
  };
  signal?.throwIfAborted();
  signal?.addEventListener('abort', leave, { once: true });
  waiting.push(enter);
  return promise;
}
