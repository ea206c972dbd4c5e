/** The only place that takes time, randomness and the log from the system. Every room receives them as parameters. */
import { randomBytes, randomFillSync } from 'node:crypto';
import { type Logger as Pino, pino } from 'pino';
import type { Clock, RandomBytes } from '../core/environment.ts';

/** The time of the system. */
export const systemClock: Clock = () => new Date();

/** A call of the system costs more than the octets, and one enrolment needs random octets five times: they are fetched in blocks. */
const POOL = 4096;
let pool = new Uint8Array(0);

/** Random octets of the system. None is returned twice, and those returned are erased from the pool. */
export const systemRandom: RandomBytes = (length) => {
  if (length > POOL) return randomBytes(length);
  if (length > pool.length) pool = randomFillSync(new Uint8Array(POOL));
  const octets = pool.slice(0, length);
  pool.fill(0, 0, length);
  pool = pool.subarray(length);
  return octets;
};

/** JSON lines on standard error: standard output is for the result of a command. */
export const systemLogger = (level: string): Pino =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: false }));

/** Longer than all retries of a call to Intune, shorter than the timeout of clients. */
const REQUEST_DEADLINE = 55_000;
/** A timer for every request would cost more than its log line, so all requests within half a second share one. */
const SHARED_FOR = 500;
let shared: { signal: AbortSignal; since: number } | undefined;

/** The signal of a request: it aborts after 55 seconds, or up to half a second earlier. */
export function systemDeadline(): AbortSignal {
  const now = performance.now();
  if (!shared || now - shared.since > SHARED_FOR)
    shared = { signal: AbortSignal.timeout(REQUEST_DEADLINE), since: now };
  return shared.signal;
}
