/** Bounds the log lines that an unauthenticated sender can cause. */
import { isWithin, MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';

/**
 * Calls its argument at most ten times a minute, with the number of calls that were left out before it; absent when
 * none were.
 */
export function perMinute(clock: Clock, most = 10): (line: (facts: { skipped?: number }) => void) => void {
  let since = -Infinity;
  let lines = 0;
  let skipped = 0;
  return (line) => {
    const now = clock().getTime();
    if (!isWithin(MINUTE, since, now)) [since, lines] = [now, 0];
    if (lines >= most) {
      skipped++;
      return;
    }
    lines++;
    line(skipped > 0 ? { skipped } : {});
    skipped = 0;
  };
}
