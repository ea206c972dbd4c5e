/** Threads that share work: each call goes to the one with the fewest calls, and one that has ended is replaced. */
import { HttpError } from '../core/errors.ts';
import type { Peer } from './peer.ts';
import { startThread, type StartingThread, type Thread, type ThreadStart } from './thread.ts';

/**
 * `data` makes what a thread starts with, again for each one. `ready` is called before the first call of a thread: what has
 * changed since `data` was made can be told. `gone` is called when a thread is gone, whatever ended it; `ended` when it ended
 * by itself, or could not take the place of one that did, with what ended it.
 */
export type PoolOptions<Data> = Omit<ThreadStart, 'data'> & {
  size: number;
  data: () => Data;
  ready: (thread: Pick<Peer, 'tell'>) => void;
  gone: (data: Data) => void;
  ended: (err: unknown) => void;
};

/** Threads that are running. */
export type ThreadPool = {
  /** Throws HttpError `unavailable` when there is no thread, or when the one that worked on it has ended. */
  call: (name: string, ...args: unknown[]) => Promise<unknown>;
  /** Calls a function of every thread, before what is called later. */
  tellAll: (name: string, ...args: unknown[]) => void;
  /** How many threads are running. */
  readonly alive: number;
  /** Lets each thread call its `close`, and ends those that do not in time. */
  close: () => Promise<void>;
};

/** Milliseconds before a thread is replaced: one that ends at its start would be started without a pause. */
const PAUSE = 1_000;
/** Milliseconds that a thread has for its `close`. Longer than a write to the store waits for the lock of another process. */
const CLOSING = 15_000;

/** Resolves when all threads are ready. Rejects with what the start of one throws; then none is left. */
export async function threadPool<Data>({
  size,
  data,
  ready,
  gone,
  ended,
  ...start
}: PoolOptions<Data>): Promise<ThreadPool> {
  const threads = new Set<Thread>();
  const starting = new Set<StartingThread>();
  const pauses = new Set<NodeJS.Timeout>();
  let closed = false;

  async function add(): Promise<void> {
    const own = data();
    const thread = await started(own);
    threads.add(thread);
    void thread.ended.then((err) => {
      threads.delete(thread);
      gone(own);
      thread.end(new HttpError('unavailable', 'the thread that worked on the request has ended', { cause: err }));
      replace(err);
    });
  }

  async function started(own: Data): Promise<Thread> {
    const thread = startThread({ ...start, data: own });
    starting.add(thread);
    try {
      const running = await thread.ready;
      ready(running);
      return running;
    } catch (error) {
      await thread.terminate();
      gone(own);
      throw error;
    } finally {
      starting.delete(thread);
    }
  }

  function replace(err: unknown): void {
    if (closed) return;
    ended(err);
    const timer = setTimeout(() => {
      pauses.delete(timer);
      add().catch(replace);
    }, PAUSE);
    pauses.add(timer);
  }

  async function close(): Promise<void> {
    closed = true;
    for (const timer of pauses) clearTimeout(timer);
    await Promise.all([...[...starting].map((thread) => thread.terminate()), ...[...threads].map(closeThread)]);
  }

  const first = await Promise.allSettled(Array.from({ length: size }, add));
  const refused = first.find((each) => each.status === 'rejected');
  if (refused) {
    await close();
    throw refused.reason;
  }
  return {
    get alive() {
      return threads.size;
    },
    async call(name, ...args) {
      const [thread] = [...threads].toSorted((a, b) => a.running - b.running);
      if (!thread) throw new HttpError('unavailable', 'no thread is running; they are started again every second');
      return thread.call(name, ...args);
    },
    tellAll: (name, ...args) => threads.forEach((thread) => thread.tell(name, ...args)),
    close,
  };
}

async function closeThread(thread: Thread): Promise<void> {
  const timer = setTimeout(() => void thread.terminate(), CLOSING);
  await thread.call('close').catch(() => undefined);
  await thread.terminate();
  clearTimeout(timer);
}
