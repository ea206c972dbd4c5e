/** Counts failed logins by network. A network with too many is refused for a while before anything is computed. */
import { networkOf } from '../core/address.ts';
import type { Clock } from '../core/environment.ts';
import { MINUTE } from '../core/durations.ts';

/** Addresses in any form that `parseAddress` reads. */
export type Attempts = {
  /** Whether this address has to wait, for its own failures and those of the same IPv6 /64. */
  tooMany(address: string): boolean;
  /** Counts one failed login. */
  failed(address: string): void;
};

const WINDOW = MINUTE;
const MOST_FAILURES = 10;
/** Networks in memory; the one that failed first is dropped for a new one. */
const MOST_NETWORKS = 10_000;

/** Ten failures within a minute of the first one; counting starts anew after that minute. */
export function attempts(clock: Clock): Attempts {
  // In the order of their first failure, so that the first of the map is the oldest.
  const failures = new Map<string, { since: number; count: number }>();

  function current(network: string) {
    const entry = failures.get(network);
    return entry && clock().getTime() - entry.since < WINDOW ? entry : undefined;
  }

  return {
    tooMany: (address) => (current(networkOf(address))?.count ?? 0) >= MOST_FAILURES,
    failed(address) {
      const network = networkOf(address);
      const entry = current(network) ?? { since: clock().getTime(), count: 0 };
      if (entry.count === 0) failures.delete(network);
      entry.count++;
      failures.set(network, entry);
      if (failures.size > MOST_NETWORKS) dropOldest(failures);
    },
  };
}

function dropOldest(failures: Map<string, unknown>): void {
  const [oldest] = failures.keys();
  if (oldest !== undefined) failures.delete(oldest);
}
