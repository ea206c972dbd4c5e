/** Counts failed logins by network: who fails too often is turned away for a while before anything is computed for him. */
import { isIPv6 } from 'node:net';
import type { Clock } from '../core/environment.ts';

export type Attempts = {
  /** Whether this address has to wait, for what it and its neighbours of the same /64 of IPv6 did. */
  tooMany(address: string): boolean;
  failed(address: string): void;
};

const WINDOW = 60_000;
const MOST_FAILURES = 10;
/** Networks remembered; the oldest makes room. */
const MOST_NETWORKS = 10_000;

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
      if (failures.size > MOST_NETWORKS) failures.delete(failures.keys().next().value!);
    },
  };
}

const GROUPS = 8;

/**
 * What one subscriber has: an address of IPv4, also where it is mapped into IPv6, or a whole /64 of IPv6, in which he
 * has an address for every try.
 */
function networkOf(address: string): string {
  const [, mapped] = /^::ffff:([\d.]+)$/i.exec(address) ?? [];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: GROUPS - head.length - tail.length }, () => '0');
  const prefix = [...head, ...zeros, ...tail].slice(0, GROUPS / 2);
  return prefix.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}
