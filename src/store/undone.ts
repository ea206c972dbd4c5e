/** What runs again when the database has undone it because of another transaction: a deadlock, for example. */
import { type Engine, transact } from './engine.ts';
import type { Database } from './tables.ts';

/** How often it is tried. The pauses of an engine double, so that this is within ten seconds. */
export const MOST_TRIES = 9;

/** Throws what the work throws, and in the end also that it was undone. */
export async function tried<T>(engine: Pick<Engine, 'dialect' | 'backOff'>, work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === MOST_TRIES || !engine.dialect.isUndone(error)) throw error;
    }
    await engine.backOff?.(tries);
  }
}

/** As `transact`, and tried again. */
export const transactAgain = <T>(engine: Engine, work: (tx: Database) => Promise<T>): Promise<T> =>
  tried(engine, () => transact(engine, work));
