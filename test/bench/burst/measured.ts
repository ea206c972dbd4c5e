/** What one burst gave. */
import type { Used } from './place.ts';
import type { Proof } from './proof.ts';
import type { Load } from './servers.ts';

/** How a burst is run. `times`: arrivals per second, in capacities. `answerWithin`: seconds, of the servers. */
export type BurstPlan = {
  devices: number;
  times: number;
  store: 'sqlite' | 'postgres';
  replicas: number;
  answerWithin: number;
};

/**
 * `capacity`, before and after the burst, `arrival`, `answered` per second; `latencies` in milliseconds, of answers with a certificate; `until` in seconds, from
 * arrival to certificate; CPU in microseconds for each certificate of the measurement of the capacity; octets for each certificate.
 */
export type BurstResult = BurstPlan & {
  capacity: number;
  capacityAfter: number;
  arrival: number;
  longest: Load;
  /** Most messages without an answer at a time. */
  atOnce: number;
  answered: number;
  latencies: { p50: number; p99: number };
  until: { p50: number; p99: number };
  seconds: number;
  busy: number;
  pending: number;
  unreachable: number;
  failures: number;
  /** Why there was no HTTP answer, and how often. */
  reasons: Readonly<Record<string, number>>;
  retries: number;
  cpu: Used;
  /** Microseconds of the six operations that cannot be avoided, before and after (`floor.ts`). */
  floor: number;
  /** Microseconds of the servers, and of everything, for each 503; not a number where too few were sent to tell. */
  refusal: { servers: number; all: number };
  octets: number;
  wal: number;
  rss: number;
  proof: Proof;
};
