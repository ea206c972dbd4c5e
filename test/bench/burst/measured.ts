/** What one burst gave. */
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
 * `capacity`, `arrival`, `answered` per second; `latencies` in milliseconds, of answers with a certificate; `until` in seconds, from
 * arrival to certificate; CPU in microseconds for each certificate of the measurement of the capacity; octets for each certificate.
 */
export type BurstResult = BurstPlan & {
  capacity: number;
  arrival: number;
  longest: Load;
  answered: number;
  latencies: { p50: number; p99: number };
  until: { p50: number; p99: number };
  seconds: number;
  busy: number;
  pending: number;
  unreachable: number;
  failures: number;
  retries: number;
  cpu: { servers: number; database: number; tenant: number; generator: number };
  /** Microseconds of the servers for each 503, where enough were sent to tell. */
  refusal: number;
  octets: number;
  wal: number;
  rss: number;
  proof: Proof;
};
