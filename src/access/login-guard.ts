/** Bounds what wrong logins cost and how fast passwords can be guessed, for all ways to log in that share it. */
import { hash } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import type { Clock } from '../core/environment.ts';
import { semaphore } from '../core/semaphore.ts';
import { attempts } from './attempts.ts';
import { type Pause, slowLane } from './slow-lane.ts';

/** `tooMany`: this network had too many failures before. */
export type GuardedLogin = { outcome: boolean | 'busy'; tooMany: boolean };

/** Who tries to log in. `user`: the name as it was sent. */
export type NamedLogin = { address: string; user: string };

/**
 * Runs the comparison of a login. A right one is accepted however many wrong ones came before; beyond ten a minute of one address
 * they are compared slowly. Beyond ten a minute with one name, so are those of addresses that were wrong within this minute: who
 * guesses from many addresses is slow, and the user, whose own address was not wrong, is not kept out.
 */
export type LoginGuard = (login: NamedLogin, compare: () => Promise<boolean>) => Promise<GuardedLogin>;

/** One comparison takes a core and 64 MiB for a tenth of a second. */
const COMPARISONS = { permits: 2, queue: 32 };

/** People type passwords into the field of the name. */
const marked = (user: string): string => hash('sha256', user);

/** `pause` is replaceable, because a real one takes seconds. */
export function loginGuard(clock: Clock, pause: Pause = unreferenced): LoginGuard {
  const failures = attempts(clock);
  const comparisons = semaphore(COMPARISONS);
  const names = attempts(clock, marked);
  const slowly = slowLane(clock, pause);
  const slowlyNamed = slowLane(clock, pause, marked);
  return async ({ address, user }, compare) => {
    const bounded = () => comparisons.run(compare);
    const wasWrong = failures.has(address);
    const [ofAddress, ofName] = [failures.begin(address), names.begin(user)];
    const outcome = await (ofAddress
      ? slowly(address, bounded)
      : ofName && wasWrong
        ? slowlyNamed(user, bounded)
        : bounded());
    if (outcome !== false) {
      failures.takeBack(address);
      names.takeBack(user);
    }
    return { outcome, tooMany: ofAddress || (ofName && wasWrong) };
  };
}

const unreferenced: Pause = (milliseconds) => after(milliseconds, undefined, { ref: false });
