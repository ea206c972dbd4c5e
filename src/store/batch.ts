/** Group commit: writes that arrive in the same moment share one transaction, and each keeps its own outcome. */
import { type Engine, transact } from './engine.ts';
import type { Database } from './tables.ts';
import { MOST_TRIES } from './undone.ts';

/**
 * One write: reads, decides, writes. It may run again after what it wrote was undone: alone, when another write of its
 * transaction failed, once more when a unique index shows that another process was first, and some times more when the
 * database undid its transaction because of another one.
 */
export type Write<T> = (tx: Database) => Promise<T>;

/** Hands a write over. Resolves after the commit that it shares with others; rejects with what failed. */
export type GroupCommit = {
  write: <T>(write: Write<T>) => Promise<T>;
  /** Refuses further writes, and resolves when those that were handed over are settled. */
  end: () => Promise<void>;
};

type Waiting = {
  /** Resolves to what tells the caller, once it is durable. */
  attempt(tx: Database): Promise<() => void>;
  reject: (error: unknown) => void;
  /** A unique index refused it once, and it runs again; a second refusal is its result. */
  sentBack: boolean;
};

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
    const attempt = async (tx: Database): Promise<() => void> => {
      const value = await write(tx);
      return () => resolve(value);
    };
    waiting.push({ attempt, reject, sentBack: false });
    draining ??= drain();
    return promise;
  }

  async function end(): Promise<void> {
    ended = true;
    await draining;
  }

  return { write, end };
}

/**
 * All in one transaction. Where one of them fails, each gets a transaction of its own, so that it spoils no other. Where
 * the transaction could not begin or commit, all fail: sixty-four more would wait for the same lock or disk.
 */
async function commit(engine: Engine, batch: Waiting[]): Promise<void> {
  if (batch.length === 1) return commitEach(engine, batch);
  try {
    const tellers = await transact(engine, async (tx) => {
      const tellers: (() => void)[] = [];
      for (const waiting of batch) tellers.push(await attempted(engine, waiting, tx));
      return tellers;
    });
    for (const tell of tellers) tell();
  } catch (error) {
    if (error instanceof WriteFailed || engine.dialect.isUndone(error)) return commitEach(engine, batch);
    for (const waiting of batch) waiting.reject(error);
  }
}

async function commitEach(engine: Engine, batch: Waiting[]): Promise<void> {
  for (const [i, waiting] of batch.entries()) {
    const refused = await commitAlone(engine, waiting);
    if (refused) return batch.slice(i + 1).forEach(({ reject }) => reject(refused.error));
  }
}

/** Settles it, with its own outcome or with what it fails with; returns why no transaction is to be had, if so. */
async function commitAlone(engine: Engine, waiting: Waiting, tries = 0): Promise<{ error: unknown } | undefined> {
  const { sentBack } = waiting;
  try {
    const tell = await transact(engine, (tx) => attempted(engine, waiting, tx));
    tell();
    return undefined;
  } catch (error) {
    if (waiting.sentBack && !sentBack) return commitAlone(engine, waiting, tries);
    const ownFault = error instanceof WriteFailed;
    if (engine.dialect.isUndone(ownFault ? error.cause : error) && tries < MOST_TRIES) {
      await engine.backOff?.(tries);
      return commitAlone(engine, waiting, tries + 1);
    }
    waiting.reject(ownFault ? error.cause : error);
    return ownFault ? undefined : { error };
  }
}

/** Tells the failure of a write from that of the transaction around it. */
class WriteFailed extends Error {}

async function attempted({ dialect }: Engine, waiting: Waiting, tx: Database): Promise<() => void> {
  try {
    return await waiting.attempt(tx);
  } catch (cause) {
    waiting.sentBack ||= dialect.isConflict(cause);
    throw new WriteFailed('a write failed', { cause });
  }
}
