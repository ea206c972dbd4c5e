/** One open database, and the transaction in which everything that writes runs. */
import { CompiledQuery } from 'kysely';
import type { Dialect } from './dialect.ts';
import type { Database } from './schema.ts';

export type Engine = {
  db: Database;
  dialect: Dialect;
  /** False when the database has given a failed transaction up by itself, so that there is nothing to roll back. */
  inTransaction(): boolean;
  /** Gives the work a connection that nothing else uses meanwhile. Rejects with what the work rejects with. */
  alone<T>(work: (connection: Database) => Promise<T>): Promise<T>;
  close(): void | Promise<void>;
};

const COMMIT = CompiledQuery.raw('commit');
const ROLLBACK = CompiledQuery.raw('rollback');

/** Runs `work` in a transaction of its own; resolves after the commit is durable. Throws what failed, undone. */
export async function transact<T>(engine: Engine, work: (tx: Database) => Promise<T>): Promise<T> {
  return engine.alone(async (tx) => {
    await tx.executeQuery(CompiledQuery.raw(engine.dialect.begin));
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
