/** Limits the number of running requests. A request above the limit is refused at once and not queued. */
import { HttpError } from '../core/errors.ts';

/** Runs work, and counts what is running. */
export type Gate = { run<T>(work: () => Promise<T>): Promise<T>; readonly running: number };

/** Throws HttpError `overloaded` from `run` while `most` are running. */
export function gate(most: number): Gate {
  let running = 0;
  return {
    get running() {
      return running;
    },
    async run(work) {
      if (running >= most) throw new HttpError('overloaded', `${running} requests are running`);
      running++;
      try {
        return await work();
      } finally {
        running--;
      }
    },
  };
}
