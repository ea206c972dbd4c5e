/** Says the same thing once in a while. */
import { isWithin } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';

/** Whether this was not said within the last `period`, milliseconds; if so, it counts as said now. Also when the clock was set back. */
export function onceIn(period: number, clock: Clock): (key: string) => boolean {
  const said = new Map<string, number>();
  return (key) => {
    const now = clock().getTime();
    if (isWithin(period, said.get(key) ?? -Infinity, now)) return false;
    said.set(key, now);
    return true;
  };
}
