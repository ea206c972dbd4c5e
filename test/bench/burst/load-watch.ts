/** How long the queues of the servers were. */
import type { Place } from './place.ts';
import { type Load, loadOf } from './servers.ts';

/** Milliseconds between two looks at the queue. */
const LOOK_EVERY = 500;

/** Looks at the queues until the end. Returns the load when most was queued. */
export function watch({ replicas }: Place): { end: () => Promise<Load> } {
  let longest: Load = { queued: 0, running: 0, answerMs: 0 };
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    const load = await loadOf(replicas);
    if (load.queued >= longest.queued) longest = load;
  };
  // A server that does not answer now is looked at again soon.
  const ignored = (): void => {};
  const timer = setInterval(() => void (looking = looking.then(look).catch(ignored)), LOOK_EVERY);
  return {
    async end() {
      clearInterval(timer);
      await looking;
      return longest;
    },
  };
}
