/** How long background work waits before it tries again what another system did not accept. */
import { HOUR } from '../core/durations.ts';

const FIRST_DELAY = 30_000;
const LONGEST_DELAY = HOUR;

/** Milliseconds: doubled from 30 seconds to one hour. `attempts`: how many failed before this one. */
export const retryDelay = (attempts: number): number => Math.min(FIRST_DELAY * 2 ** attempts, LONGEST_DELAY);

/** Seconds. A CA that names a longer time is asked after a day. */
const LONGEST_PAUSE = 86_400;

/** Milliseconds for the seconds that a CA asks to wait, at most a day; 0 when it names none, or no number. */
export const pauseOf = (seconds = 0): number => (seconds > 0 ? Math.min(seconds, LONGEST_PAUSE) * 1_000 : 0);

/** Whether this moment has come. It is further away than any pause when the clock was set back: then it has come too. */
export function hasCome(moment: Date, now: Date): boolean {
  const left = moment.getTime() - now.getTime();
  return left <= 0 || left > LONGEST_PAUSE * 1_000;
}
