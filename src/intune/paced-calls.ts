/** Calls that wait as long as a service of Microsoft says, one at a time: for work that nobody waits for. */
import { setTimeout as after } from 'node:timers/promises';
import { MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import { semaphore } from '../core/semaphore.ts';
import { IntuneUnreachable } from './unreachable.ts';

/** Runs the attempt in its turn, and again while that can help. Throws what the last attempt threw, and the signal's reason on abort. */
export type PacedCalls = <T>(attempt: (signal: AbortSignal) => Promise<T>, signal: AbortSignal) => Promise<T>;

/**
 * `tries`: of each call. `backoffMs`: before the second try after a fault that is no throttling; it doubles. `chance`: a number from 0 to 1
 * for each wait that the service did not name. `pause` waits so many milliseconds, and rejects with the signal's reason.
 */
export type PacedCallsOptions = {
  clock: Clock;
  tries: number;
  backoffMs: number;
  chance: () => number;
  pause?: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** The timer rejects with an error of its own where the signal has a reason. */
export const abortablePause = (ms: number, signal: AbortSignal): Promise<void> =>
  after(ms, undefined, { signal }).catch(() => signal.throwIfAborted());

/** Intune often throttles without saying for how long: a minute then, and twice as long each time. */
const UNNAMED = MINUTE;
const LONGEST = 10 * MINUTE;

/** Calls with one pace: what one of them is told to wait, all wait. */
export function pacedCalls({ clock, tries, backoffMs, chance, pause = abortablePause }: PacedCallsOptions): PacedCalls {
  const turns = semaphore({ permits: 1, queue: Infinity });
  let quietUntil = 0;
  let inARow = 0;
  const quiet = async (signal: AbortSignal): Promise<void> => {
    const ms = quietUntil - clock().getTime();
    if (ms > 0) await pause(ms, signal);
  };
  /** How long after the fault nothing is sent. */
  const waitAfter = (fault: IntuneUnreachable): number => {
    const first = isThrottling(fault) ? UNNAMED : backoffMs;
    const usual = Math.min(first * 2 ** inARow++ * (1 + chance() / 5), LONGEST);
    return fault.retryAfterMs ?? usual;
  };
  const inTurn = async <T>(attempt: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> => {
    for (let left = tries; ; left--) {
      await quiet(signal);
      try {
        const answer = await attempt(signal);
        inARow = 0;
        return answer;
      } catch (error) {
        if (!(error instanceof IntuneUnreachable) || !error.retryable) throw error;
        quietUntil = clock().getTime() + waitAfter(error);
        if (left <= 1) throw error;
      }
    }
  };
  return async (attempt, signal) => {
    const answer = await turns.run(() => inTurn(attempt, signal), signal);
    if (answer === 'busy') throw new TypeError('a queue without a bound is never full');
    return answer;
  };
}

const isThrottling = ({ status }: IntuneUnreachable): boolean => status === 429 || status === 503;
