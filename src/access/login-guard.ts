/** Bounds what wrong logins cost and how fast passwords can be guessed, for all ways to log in that share it. */
import { setTimeout as after } from 'node:timers/promises';
import type { Clock } from '../core/environment.ts';
import { semaphore } from '../core/semaphore.ts';
import { attempts } from './attempts.ts';
import { type Pause, slowLane } from './slow-lane.ts';

/** `tooMany`: this network had too many failures before. */
export type GuardedLogin = { outcome: boolean | 'busy'; tooMany: boolean };

/**
 * Runs the comparison of a login from this address. A right one is accepted however many wrong ones came from the address;
 * beyond ten a minute they are compared slowly.
 */
export type LoginGuard = (address: string, compare: () => Promise<boolean>) => Promise<GuardedLogin>;

/** One comparison takes a core and 64 MiB for a tenth of a second. */
const COMPARISONS = { permits: 2, queue: 32 };

/** `pause` is replaceable, because a real one takes seconds. */
export function loginGuard(clock: Clock, pause: Pause = unreferenced): LoginGuard {
  const failures = attempts(clock);
  const comparisons = semaphore(COMPARISONS);
  const slowly = slowLane(clock, pause);
  return async (address, compare) => {
    const bounded = () => comparisons.run(compare);
    const tooMany = failures.begin(address);
    const outcome = await (tooMany ? slowly(address, bounded) : bounded());
    if (outcome !== false) failures.takeBack(address);
    return { outcome, tooMany };
  };
}

const unreferenced: Pause = (milliseconds) => after(milliseconds, undefined, { ref: false });
