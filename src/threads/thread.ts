/** What a thread of a pool is, seen from both sides. */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { type Peer, peer, type PeerFunctions } from './peer.ts';

/** `data` arrives in the thread as a clone; `functions` are those that the thread may call. */
export type ThreadStart = { entry: URL; data: unknown; functions: PeerFunctions };

/** A thread that is ready. `ended` resolves when it is gone, to what ended it if that was an error. */
export type Thread = Peer & { ended: Promise<unknown>; terminate: () => Promise<unknown> };

/** Resolves when the thread is ready. Rejects with what its start threw. */
export function startThread({ entry, data, functions }: ThreadStart): Promise<Thread> {
  const { promise, resolve, reject } = Promise.withResolvers<Thread>();
  const worker = new Worker(entry, { workerData: data });
  let fault: unknown;
  const gone = Promise.withResolvers<unknown>();
  const calls = peer(worker, {
    ...functions,
    ready: () => resolve(thread),
    failed(error: unknown) {
      fault = error;
      void worker.terminate();
    },
  });
  worker.once('error', (error: unknown) => (fault = error));
  worker.once('exit', () => {
    reject(fault ?? new Error('the thread ended before it was ready'));
    gone.resolve(fault);
  });
  const thread: Thread = Object.assign(Object.create(calls) as Peer, {
    ended: gone.promise,
    terminate: () => worker.terminate(),
  });
  return promise;
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
