/** How long the work ahead will take: measured on the work that was done last. It does not know where the work runs. */

/** Counts what computes now, and measures it. A piece of work is one request. */
export type WorkEstimate = {
  /** Pieces that compute now. */
  readonly computing: number;
  /** A piece begins to compute, or goes on. */
  begin(): void;
  /** A piece stops computing: it waits for something else, or it is done. */
  rest(): void;
  /** A piece is done. */
  done(): void;
  /** Milliseconds until so many pieces are done, by what the last ones took. */
  timeFor(pieces: number): number;
};

/** The weight of the last piece in the mean is one in so many. The first ones are expected to take no time. */
const MEMORY = 64;

/**
 * `parallelism`: how many pieces can compute at the same time. `now`: milliseconds since any moment.
 *
 * The time of a piece is the computing time between the end of the one before and its own end, so that pieces that take
 * turns on one core are not counted twice. Work that takes longer than the mean counts as if it ended now: a store that
 * hangs is noticed before the first piece is done.
 */
export function workEstimate({ parallelism, now }: { parallelism: number; now: () => number }): WorkEstimate {
  let computing = 0;
  let since = now();
  let spent = 0;
  let mean = 0;
  /** The computing time since the last piece was done. */
  const measured = (): number => {
    const at = now();
    spent += Math.min(computing, parallelism) * (at - since);
    since = at;
    return spent;
  };
  return {
    get computing() {
      return computing;
    },
    begin() {
      measured();
      computing++;
    },
    rest() {
      measured();
      computing--;
    },
    done() {
      mean += (measured() - mean) / MEMORY;
      spent = 0;
    },
    timeFor(pieces) {
      const late = Math.max(0, measured() - mean) / MEMORY;
      return (pieces * (mean + late)) / parallelism;
    },
  };
}
