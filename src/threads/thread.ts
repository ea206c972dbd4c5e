/** What a thread of a pool is, seen from both sides. */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { type Peer, peer, type PeerFunctions } from './peer.ts';

/** `data` arrives in the thread as a clone; `functions` are those that the thread may call. */
export type ThreadStart = { entry: URL; data: unknown; functions: PeerFunctions };

/** A thread that is ready. `ended` resolves when it is gone, to what ended it if that was an error. */
export type Thread = Peer & { ended: Promise<unknown>; terminate: () => Promise<unknown> };

/** A thread that is starting. `ready` rejects with what its start threw, and after a minute. */
export type StartingThread = { ready: Promise<Thread>; terminate: () => Promise<unknown> };

/** Milliseconds that a start may take: a database that accepts connections and does not answer must not hold up a reload. */
const STARTING = 60_000;

/** Starts it. */
export function startThread({ entry, data, functions }: ThreadStart): StartingThread {
  const { promise: ready, resolve, reject } = Promise.withResolvers<Thread>();
  const ended = Promise.withResolvers<unknown>();
  const worker = new Worker(entry, { workerData: data });
  const terminate = (): Promise<unknown> => worker.terminate();
  let fault: unknown;
  const fail = (error: unknown): void => {
    fault ??= error;
    void terminate();
  };
  const timer = setTimeout(() => fail(new Error('the thread was not ready within a minute')), STARTING);
  const calls = peer(worker, {
    ...functions,
    ready() {
      clearTimeout(timer);
      resolve(Object.assign(Object.create(calls) as Peer, { ended: ended.promise, terminate }));
    },
    failed: fail,
  });
  // What cannot be read would leave a call without an answer.
  worker.once('messageerror', fail);
  worker.once('error', (error: unknown) => (fault ??= error));
  worker.once('exit', () => {
    clearTimeout(timer);
    reject(fault ?? new Error('the thread ended before it was ready'));
    ended.resolve(fault);
  });
  return { ready, terminate };
}

/**
 * The code of a thread: `start` makes the functions that the other side may call, and the other side is told when they are
 * there.
 */
export async function runThread(
  start: (data: unknown, main: Pick<Peer, 'call' | 'tell'>) => Promise<PeerFunctions>,
): Promise<void> {
  if (!parentPort) throw new TypeError('This module is the code of a thread: it is not to be imported.');
  const functions: Record<string, PeerFunctions[string]> = {};
  const main = peer(parentPort, functions);
  try {
    Object.assign(functions, await start(workerData, main));
    main.tell('ready');
  } catch (error) {
    main.tell('failed', error);
  }
}
