/** One open database, and the transaction in which everything that writes runs. */
import { CompiledQuery } from 'kysely';
import type { Clock } from '../core/environment.ts';
import type { Dialect } from './dialect.ts';
import type { Database } from './tables.ts';

/** A database that is open, and how the store runs queries and transactions on it. */
export type Engine = {
  db: Database;
  dialect: Dialect;
  /** False when the database has given a failed transaction up by itself, so that there is nothing to roll back. */
  inTransaction(): boolean;
  /** Gives the work a connection that nothing else uses meanwhile. Rejects with what the work rejects with. */
  alone<T>(work: (connection: Database) => Promise<T>): Promise<T>;
  /** Resolves after a pause, longer at each of the `tries`. Absent where transactions do not undo each other. */
  backOff?(tries: number): Promise<void>;
  /** The clock of the store, which the ids of new rows follow. Absent where the database numbers rows by itself. */
  useClock?(clock: Clock): void;
  /** Rejects when there is no space for new rows. Absent where a commit of one row needs space too. */
  proveSpace?(): Promise<void>;
  close(): void | Promise<void>;
};

const COMMIT = CompiledQuery.raw('commit');
const ROLLBACK = CompiledQuery.raw('rollback');

/** How often a transaction tries to begin while another process holds the lock, and the milliseconds in between. */
const TRIES = 25;
const PAUSE = 100;

/** Waits here and not in SQLite, which would let nothing else happen meanwhile. */
async function begin({ dialect }: Engine, tx: Database): Promise<void> {
  for (let left = TRIES; ; left--) {
    try {
      await tx.executeQuery(CompiledQuery.raw(dialect.begin));
      return;
    } catch (error) {
      if (left === 1 || !dialect.isBusy(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** Runs `work` in a transaction of its own; resolves after the commit is durable. Throws what failed, undone. */
export async function transact<T>(engine: Engine, work: (tx: Database) => Promise<T>): Promise<T> {
  return engine.alone(async (tx) => {
    await begin(engine, tx);
    try {
      const result = await work(tx);
      await tx.executeQuery(COMMIT);
      return result;
    } catch (error) {
      if (engine.inTransaction()) await tx.executeQuery(ROLLBACK);
      throw error;
    }
  });
}
