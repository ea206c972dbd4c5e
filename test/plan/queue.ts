/**
 * A burst as a queue: devices arrive, servers of one capacity answer them in the order in which they came, refuse those that would
 * wait too long, and refused devices come again as `bench -- burst` has it.
 */
import { crowd, retryAfter } from '../../src/enroll/retry-after.ts';
import { waitAfter } from '../bench/burst/clients.ts';
import { percentile } from '../bench/measure.ts';
import { eventQueue } from './events.ts';

/** Times in seconds. `arrivals` in ascending order. */
export type QueuePlan = {
  arrivals: readonly number[];
  /** Enrolments in a second, of all servers together. */
  capacity: number;
  /** A request that would wait longer is refused: `listen.answerWithin`. */
  answerWithin: number;
  /** What a refusal costs, as a part of an enrolment. */
  refusal: number;
  /** So many times as short is every time that clients wait. */
  compression: number;
  /** From 0 to 1, below 1. */
  chance: () => number;
};

/** `until`: from arrival to certificate. `seconds`: from the start to the last certificate. `refused`: how many got 503. */
export type QueueResult = { seconds: number; until: { p50: number; p99: number }; refused: number; longest: number };

/** Plays it to the last certificate. */
export function playQueue(plan: QueuePlan): QueueResult {
  const { arrivals, capacity, answerWithin, refusal, compression, chance } = plan;
  const events = eventQueue(arrivals);
  const until: number[] = [];
  let now = 0;
  const waiting = crowd(() => now * 1000);
  let [free, last, refused, longest, refusedAt] = [0, 0, 0, 0, 0];
  for (let next = events.next(); next; next = events.next()) {
    const { at, device } = next;
    now = at;
    const ahead = Math.max(0, free - at);
    const begin = at + ahead;
    if (ahead + 1 / capacity > answerWithin) {
      refused++;
      // Refusals run on the main thread beside the work, so they take half of the time at most.
      free = begin + Math.min(refusal / capacity, (at - refusedAt) / 2);
      refusedAt = at;
      const crowded = { ahead: ahead * 1000, piece: 1000 / capacity, crowd: waiting.size };
      const seconds = retryAfter(crowded, chance());
      waiting.comesIn(seconds);
      const pause = waitAfter({ kind: 'busy', retryAfter: seconds }, 'windows', 0);
      events.add({ at: at + pause / compression, device });
      continue;
    }
    longest = Math.max(longest, ahead);
    free = begin + 1 / capacity;
    until.push(free - arrivals[device]!);
    last = Math.max(last, free);
  }
  return { seconds: last, until: { p50: percentile(until, 0.5), p99: percentile(until, 0.99) }, refused, longest };
}
