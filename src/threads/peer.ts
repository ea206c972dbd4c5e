/** Calls between two threads over one port: each side has functions that the other one may call. */
import { started } from '../core/ask.ts';
import { fromPortable, toPortable } from './portable.ts';

/** The end of a port: a Worker, or the parentPort of its thread. */
export type Port = {
  postMessage: (message: unknown) => void;
  on: (event: 'message', listener: (message: Message) => void) => unknown;
};

/** What the other side may call, by name. Arguments and results are plain data. */
export type PeerFunctions = Readonly<Record<string, (...args: never[]) => unknown>>;

type Message =
  | { id?: number; name: string; args: unknown }
  | { answers: number; result: unknown }
  | { answers: number; error: unknown };

/** The other side. */
export type Peer = {
  /** Rejects with what the function throws; errors arrive with their classes. */
  call: (name: string, ...args: unknown[]) => Promise<unknown>;
  /** A call without an answer. */
  tell: (name: string, ...args: unknown[]) => void;
  /** How many calls wait for their answers. */
  readonly running: number;
  /** Rejects the calls that wait, and every later one: the other side has ended. */
  end: (reason: Error) => void;
};

type Waiting = { resolve: (result: unknown) => void; reject: (error: unknown) => void };

/** Answers the calls of the other side with `functions`. */
export function peer(port: Port, functions: PeerFunctions): Peer {
  const waiting = new Map<number, Waiting>();
  let ended: Error | undefined;
  let last = 0;

  async function answer({ id, name, args }: Extract<Message, { name: string }>): Promise<void> {
    const named = functions[name] as (...args: unknown[]) => unknown;
    const work = started(() => named(...(fromPortable(args) as unknown[])));
    if (id === undefined) {
      await work;
      return;
    }
    try {
      port.postMessage({ answers: id, result: toPortable(await work) });
    } catch (error) {
      port.postMessage({ answers: id, error: toPortable(error) });
    }
  }

  port.on('message', (message) => {
    if ('name' in message) void answer(message);
    else settle(message);
  });

  function settle(message: Exclude<Message, { name: string }>): void {
    const call = waiting.get(message.answers);
    waiting.delete(message.answers);
    if ('error' in message) call?.reject(fromPortable(message.error));
    else call?.resolve(fromPortable(message.result));
  }

  return {
    get running() {
      return waiting.size;
    },
    async call(name, ...args) {
      if (ended) throw ended;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const id = ++last;
      port.postMessage({ id, name, args: toPortable(args) });
      waiting.set(id, { resolve, reject });
      return promise;
    },
    tell: (name, ...args) => void (ended ?? port.postMessage({ name, args: toPortable(args) })),
    end(reason) {
      ended = reason;
      for (const { reject } of waiting.values()) reject(reason);
      waiting.clear();
    },
  };
}
