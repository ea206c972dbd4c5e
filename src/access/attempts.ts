/** Counts logins that fail, by network or user. One with too many is slowed down, or refused, for the rest of a minute. */
import { networkOf } from '../core/address.ts';
import type { Clock } from '../core/environment.ts';
import { isWithin, MINUTE } from '../core/durations.ts';

/** Addresses in any form that `parseAddress` reads. */
export type Attempts = {
  /**
   * Counts one attempt before its result is known, so that attempts at the same time count too. Returns whether this
   * address, or another of the same IPv6 /64, had too many before it.
   */
  begin(address: string): boolean;
  /** Takes one attempt back: it did not fail. */
  takeBack(address: string): void;
  /** Whether one is counted now. */
  has(address: string): boolean;
};

const WINDOW = MINUTE;
const MOST_FAILURES = 10;
/** Networks in memory; the one that failed first is dropped for a new one. */
const MOST_NETWORKS = 10_000;

/**
 * Ten failures, or `most`, within a minute of the first one; counting starts anew after that minute. `keyOf`: what addresses are counted
 * together.
 */
export function attempts(clock: Clock, keyOf: (address: string) => string = networkOf, most = MOST_FAILURES): Attempts {
  // In the order of their first failure, so that the first of the map is the oldest.
  const failures = new Map<string, { since: number; count: number }>();

  function current(network: string) {
    const entry = failures.get(network);
    return entry && isWithin(WINDOW, entry.since, clock().getTime()) ? entry : undefined;
  }

  return {
    begin(address) {
      const network = keyOf(address);
      const entry = current(network) ?? { since: clock().getTime(), count: 0 };
      if (entry.count === 0) failures.delete(network);
      entry.count++;
      failures.set(network, entry);
      if (failures.size > MOST_NETWORKS) dropOldest(failures);
      return entry.count > most;
    },
    takeBack(address) {
      const network = keyOf(address);
      const entry = current(network);
      if (entry && --entry.count <= 0) failures.delete(network);
    },
    has: (address) => current(keyOf(address)) !== undefined,
  };
}

/** Removes the entry that was added first. */
export function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
