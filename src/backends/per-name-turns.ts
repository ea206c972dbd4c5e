/** Work on one thing of a CA that must not overlap, such as two orders for one end entity. */

/** Begins the work when all work before it with the same name is done, also when that failed. */
export type PerNameTurns = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Keeps a name only while there is work for it. */
export function perNameTurns(): PerNameTurns {
  const last = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const done = (last.get(name) ?? Promise.resolve()).then(work);
    const settled: Promise<void> = done.then(
      () => forget(),
      () => forget(),
    );
    const forget = (): void => {
      if (last.get(name) === settled) last.delete(name);
    };
    last.set(name, settled);
    return done;
  };
}
