/** Addresses that have asked for a CA certificate or for the capabilities lately. */
import { isWithin, MINUTE } from '../core/durations.ts';

/** `has`: whether the address asked within ten minutes before this moment. */
export type AskedLately = { add: (address: string, at: Date) => void; has: (address: string, at: Date) => boolean };

/** How long before a request what came from the same address may belong to it. */
export const LATELY = 10 * MINUTE;

/** Addresses in memory: the oldest are forgotten first. */
const MOST = 20_000;

/** Begins empty. */
export function askedLately(): AskedLately {
  const asked = new Map<string, number>();
  return {
    add(address, at) {
      asked.delete(address);
      asked.set(address, at.getTime());
      if (asked.size <= MOST) return;
      const [oldest] = asked.keys();
      if (oldest !== undefined) asked.delete(oldest);
    },
    has(address, at) {
      const since = asked.get(address);
      return since !== undefined && isWithin(LATELY, since, at.getTime());
    },
  };
}
