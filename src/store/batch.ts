/** Group commit: writes that arrive in the same moment share one transaction, and each keeps its own outcome. */
import { CompiledQuery } from 'kysely';
import { type Engine, transact } from './engine.ts';
import type { Database } from './schema.ts';

/**
 * One write: looks, decides, writes. It may run twice: when a unique index shows that another process was first, what
 * it wrote is undone and it looks again.
 */
export type Write<T> = (tx: Database) => Promise<T>;

/** Hands a write over. Resolves after the commit that it shares with others; rejects with what failed. */
export type GroupCommit = {
  write: <T>(write: Write<T>) => Promise<T>;
  /** Refuses further writes, and resolves when those that were handed over are settled. */
  end: () => Promise<void>;
};

type Outcome = { fulfil(): void };
type Waiting = { attempt(tx: Database): Promise<Outcome>; reject(error: unknown): void };

// Bounds the time for which one transaction keeps the event loop from other work.
const MAX_BATCH = 64;

/** The group commit of one open database. */
export function groupCommit(engine: Engine): GroupCommit {
  let waiting: Waiting[] = [];
  let draining: Promise<void> | undefined;
  let ended = false;

  async function drain(): Promise<void> {
    // Every request that this turn of the event loop brings gets to hand its write over before the first commit.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH);
      waiting = waiting.slice(MAX_BATCH);
      await commit(engine, batch);
    }
    draining = undefined;
  }

  function write<T>(write: Write<T>): Promise<T> {
    if (ended) return Promise.reject(new Error('The store is closed: the write came after its end.'));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    waiting.push({ attempt: (tx) => attempt(engine, tx, write, { resolve, reject }), reject });
    draining ??= drain();
    return promise;
  }

  async function end(): Promise<void> {
    ended = true;
    await draining;
  }

  return { write, end };
}

/** Settles every write of the batch: with its own outcome after the commit, or with what made the commit fail. */
async function commit(engine: Engine, batch: Waiting[]): Promise<void> {
  try {
    const outcomes = await transact(engine, async (tx) => {
      const outcomes: Outcome[] = [];
      for (const waiting of batch) outcomes.push(await waiting.attempt(tx));
      return outcomes;
    });
    for (const outcome of outcomes) outcome.fulfil();
  } catch (error) {
    for (const waiting of batch) waiting.reject(error);
  }
}

const SAVE = CompiledQuery.raw('savepoint write');
const RELEASE = CompiledQuery.raw('release savepoint write');
const UNDO = CompiledQuery.raw('rollback to savepoint write');

/**
 * Runs one write inside the shared transaction. One that fails is undone alone and spoils no other; if even that fails,
 * the transaction is lost, and the error of the undoing ends the batch.
 */
async function attempt<T>(
  engine: Engine,
  tx: Database,
  write: Write<T>,
  settle: { resolve(value: T): void; reject(error: unknown): void },
  again = true,
): Promise<Outcome> {
  await tx.executeQuery(SAVE);
  try {
    const value = await write(tx);
    await tx.executeQuery(RELEASE);
    return { fulfil: () => settle.resolve(value) };
  } catch (error) {
    // The database gave the whole transaction up, for instance because the disk is full.
    if (!engine.inTransaction()) throw error;
    await tx.executeQuery(UNDO);
    await tx.executeQuery(RELEASE);
    if (again && engine.dialect.isConflict(error)) return attempt(engine, tx, write, settle, false);
    return { fulfil: () => settle.reject(error) };
  }
}
