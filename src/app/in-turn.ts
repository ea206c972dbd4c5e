/** Work that must not overlap. */

/** Begins its work when the work before it is done, also when that failed. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** For work on one thing, by several parts of this process. */
export function inTurn(): InTurn {
  // It does not reject.
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}
