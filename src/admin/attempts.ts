/** Counts failed logins by address: who fails too often is turned away for a while before anything is computed for him. */
import type { Clock } from '../core/contracts.ts';

export type Attempts = {
  /** Whether this address has to wait. */
  tooMany(address: string): boolean;
  failed(address: string): void;
};

const WINDOW = 60_000;
const MOST_FAILURES = 10;
/** Addresses remembered; the oldest makes room. */
const MOST_ADDRESSES = 10_000;

export function attempts(clock: Clock): Attempts {
  // In the order of their first failure, so that the first of the map is the oldest.
  const failures = new Map<string, { since: number; count: number }>();

  function current(address: string) {
    const entry = failures.get(address);
    return entry && clock().getTime() - entry.since < WINDOW ? entry : undefined;
  }

  return {
    tooMany: (address) => (current(address)?.count ?? 0) >= MOST_FAILURES,
    failed(address) {
      const entry = current(address) ?? { since: clock().getTime(), count: 0 };
      if (entry.count === 0) failures.delete(address);
      entry.count++;
      failures.set(address, entry);
      if (failures.size > MOST_ADDRESSES) failures.delete(failures.keys().next().value!);
    },
  };
}
