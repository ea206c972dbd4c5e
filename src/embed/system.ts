/** Time, randomness and deadlines of the system. All other rooms take them as parameters. */
import { randomBytes, randomFillSync } from 'node:crypto';
import type { Clock, RandomBytes } from '../core/environment.ts';

/** The clock of the system. */
export const systemClock: Clock = () => new Date();

/** Milliseconds since the process started: unlike the clock, it is never set. */
export const sinceStart = (): number => performance.now();

/** Octets per call of the system. The call costs more than the octets, and one enrolment takes random octets five times. */
const POOL = 4096;
let pool = new Uint8Array(0);

/** Random octets of the system. No octet is returned twice, and returned octets are erased from the pool. */
export const systemRandom: RandomBytes = (length) => {
  if (length > POOL) return randomBytes(length);
  if (length > pool.length) pool = randomFillSync(new Uint8Array(POOL));
  const octets = pool.slice(0, length);
  pool.fill(0, 0, length);
  pool = pool.subarray(length);
  return octets;
};

/** Milliseconds. Longer than all retries to Intune together, shorter than the timeout of clients. */
const REQUEST_DEADLINE = 55_000;
/** Milliseconds. Longer than policy and CA, a notification and a revocation together, which have a deadline each. */
const STORE_DEADLINE = 180_000;
/** Requests of half a second share one timer: one for each would cost more than its log line. */
const SHARED_FOR = 500;
/** The part of a deadline by which it may end early: a short one must not be over when it is given. */
const EARLY = 1 / 20;

/** Signals that abort after so many milliseconds, or up to a twentieth earlier, half a second at most. */
export function sharedDeadline(ms: number): () => AbortSignal {
  let shared: { signal: AbortSignal; since: number } | undefined;
  const sharedFor = Math.min(SHARED_FOR, ms * EARLY);
  return () => {
    const now = performance.now();
    if (!shared || now - shared.since > sharedFor) shared = { signal: AbortSignal.timeout(ms), since: now };
    return shared.signal;
  };
}

/** A signal that aborts after 55 seconds, or up to half a second earlier. */
export const systemDeadline = sharedDeadline(REQUEST_DEADLINE);

/** A signal that aborts after three minutes, or up to half a second earlier: when a request is given up, whatever hangs. */
export const storeDeadline = sharedDeadline(STORE_DEADLINE);

/** A signal that aborts after 5 seconds: what a readiness probe may take. */
export const probeDeadline = (): AbortSignal => AbortSignal.timeout(5_000);

/** A signal that aborts after 5 seconds, or up to a quarter of a second earlier: what one call of a key elsewhere may take. */
export const keyDeadline = sharedDeadline(5_000);

/** A signal that aborts after 30 seconds: what opening a key elsewhere may take. */
export const keyOpenDeadline = (): AbortSignal => AbortSignal.timeout(30_000);

/** A signal that aborts after three minutes: what a client waits for a whole answer. A server may take nearly as long. */
export const answerDeadline = (): AbortSignal => AbortSignal.timeout(STORE_DEADLINE);

/** A signal that aborts after 20 seconds: what a server may take to end after a fault of its own. */
export const shutdownDeadline = (): AbortSignal => AbortSignal.timeout(20_000);

/** A signal that aborts after so many milliseconds. */
export const deadlineIn = (ms: number): AbortSignal => AbortSignal.timeout(ms);

/** Calls `work` every so many milliseconds, until the returned function is called. Keeps no process alive. */
export function every(ms: number, work: () => void): () => void {
  const timer = setInterval(work, ms).unref();
  return () => clearInterval(timer);
}

/** Milliseconds of a clock that is never set. */
export const monotonic = (): number => performance.now();

/** Resolves after so many milliseconds; of zero, at once. */
export const pause = (ms: number): Promise<void> =>
  ms === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves after as many milliseconds. */
export const systemPause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
