/** Compares our clock with the Date of Entra's replies (RFC 9110 6.6.1): a wrong clock is named before it breaks anything else. */
import { DAY, MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { onceIn } from './once-in.ts';

/** As much as Entra and Windows tolerate. */
const TOLERATED = 5 * MINUTE;

/** Seconds by which our clock is ahead, negative when it is behind; undefined when the difference is tolerated. */
export function clockDifference(date: Date, clock: Clock): number | undefined {
  const ahead = clock().getTime() - date.getTime();
  return Math.abs(ahead) <= TOLERATED ? undefined : Math.round(ahead / 1000);
}

/** Says a difference once a day, whatever its size. */
export function clockReport(clock: Clock, emit: Emit): (date: Date) => void {
  const isNews = onceIn(DAY, clock);
  return (date) => {
    const seconds = clockDifference(date, clock);
    if (seconds !== undefined && isNews('clock')) emit({ event: 'clock-differs', seconds });
  };
}
