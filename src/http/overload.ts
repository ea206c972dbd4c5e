/** Bounds the work that is under way. One more than the bound is told at once to come back, instead of queueing. */
import { HttpError } from '../core/errors.ts';

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
