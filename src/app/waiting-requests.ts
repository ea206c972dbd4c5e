/** Requests that are in threads, by their numbers, so that one that waits for a policy can say so. */
import type { Operate } from '../embed/enrollment.ts';

type Waits = Parameters<Operate>[2];

/** No request at first. `say` is called by threads; `begin` gives a request its number until `end`. */
export function waitingRequests() {
  const all = new Map<number, { waits: Waits; now: boolean }>();
  let last = 0;
  const say = (number: number, now: boolean): void => {
    const request = all.get(number);
    if (!request || request.now === now) return;
    request.now = now;
    request.waits?.(now);
  };
  const begin = (waits: Waits): { number: number; end: () => void } => {
    const number = ++last;
    all.set(number, { waits, now: false });
    // A thread that has ended says nothing more.
    const end = (): void => {
      say(number, false);
      all.delete(number);
    };
    return { number, end };
  };
  return { say, begin };
}
