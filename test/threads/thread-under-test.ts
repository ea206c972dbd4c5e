/** The code of a thread of the tests. */
import { ConfigError, HttpError } from '../../src/core/errors.ts';
import { runThread } from '../../src/threads/thread.ts';
import { turns } from '../../src/threads/turns.ts';

export type Start = { name: string; refuses?: true; memory?: Int32Array; user?: number };

await runThread(async (data, main) => {
  const { name, refuses, memory, user } = data as Start;
  if (refuses) throw new ConfigError('the thread has no store', 'Make one.');
  let told = 'nothing';
  return {
    name: () => name,
    told: () => told,
    tell: (text: string) => void (told = text),
    later: (ms: number) => new Promise((resolve) => setTimeout(() => resolve(name), ms)),
    refuse: () => {
      throw new HttpError('unavailable', 'not now', { cause: new RangeError('the disk is full') });
    },
    asks: async (question: string) => `${name} was told ${String(await main.call('question', question))}`,
    throws: () =>
      void setImmediate(() => {
        throw new RangeError('a fault of the thread');
      }),
    /** Counts in shared memory, with a pause between reading and writing. */
    count: async (times: number) => {
      if (!memory || user === undefined) throw new TypeError('no memory');
      const lock = turns(memory, user);
      for (let done = 0; done < times; done++) {
        await lock.take();
        const before = memory[2]!;
        await new Promise((resolve) => setImmediate(resolve));
        memory[2] = before + 1;
        lock.give();
      }
    },
    takeAndDie: async () => {
      if (!memory || user === undefined) throw new TypeError('no memory');
      await turns(memory, user).take();
      process.exit(0);
    },
    takeAndStay: async () => {
      if (!memory || user === undefined) throw new TypeError('no memory');
      await turns(memory, user).take();
      await new Promise(() => {});
    },
    close: () => main.call('closed', name),
  };
});
