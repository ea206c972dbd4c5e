/** Threads that share work: each call goes to the one with the fewest calls, and one that has ended is replaced. */
import { HttpError } from '../core/errors.ts';
import type { Peer } from './peer.ts';
import { startThread, type Thread, type ThreadStart } from './thread.ts';

/**
 * `data` makes what a thread starts with, again for each one. `ended` is called when a thread ends by itself, with its
 * data and what ended it.
 */
export type PoolOptions<Data> = Omit<ThreadStart, 'data'> & {
  size: number;
  data: () => Data;
  /** Called before the first call of each thread: what has changed since `data` was made can be told. */
  ready: (thread: Pick<Peer, 'tell'>) => void;
  ended: (data: Data, err: unknown) => void;
  /** Called when one that replaces it could not be started; it is tried once more. */
  failed: (data: Data, err: unknown) => void;
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
/** Milliseconds that a thread has for its `close`. */
const CLOSING = 5_000;

/** Resolves when all threads are ready. Rejects with what the start of one throws; then none is left. */
export async function threadPool<Data>({
  size,
  data,
  ready,
  ended,
  failed,
  ...start
}: PoolOptions<Data>): Promise<ThreadPool> {
  const threads = new Set<Thread>();
  const pauses = new Set<NodeJS.Timeout>();
  let closed = false;

  async function add(own: Data): Promise<void> {
    const thread = await startThread({ ...start, data: own });
    if (closed) return void thread.terminate();
    ready(thread);
    threads.add(thread);
    void thread.ended.then((err) => {
      threads.delete(thread);
      thread.end(new HttpError('unavailable', 'the thread that worked on the request has ended', { cause: err }));
      if (closed) return;
      ended(own, err);
      later();
    });
  }

  function later(): void {
    const timer = setTimeout(() => {
      pauses.delete(timer);
      const own = data();
      add(own).catch((err: unknown) => {
        if (closed) return;
        failed(own, err);
        later();
      });
    }, PAUSE);
    pauses.add(timer);
  }

  async function close(): Promise<void> {
    closed = true;
    for (const timer of pauses) clearTimeout(timer);
    await Promise.all([...threads].map(closeThread));
  }

  const first = await Promise.allSettled(Array.from({ length: size }, () => add(data())));
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
