/** The only place that takes time, randomness and the log from the system; every room gets them as parameters. */
import { randomBytes, randomFillSync } from 'node:crypto';
import { type Logger as Pino, pino } from 'pino';
import type { Clock, RandomBytes } from '../core/environment.ts';

export const systemClock: Clock = () => new Date();

/** Asking the system costs more than the octets: one enrolment takes five handfuls, so they are fetched by the page. */
const POOL = 4096;
let pool = new Uint8Array(0);

/** Random octets of the system. None is handed out twice, and none stays behind in the pool. */
export const systemRandom: RandomBytes = (length) => {
  if (length > POOL) return randomBytes(length);
  if (length > pool.length) pool = randomFillSync(new Uint8Array(POOL));
  const octets = pool.slice(0, length);
  pool.fill(0, 0, length);
  pool = pool.subarray(length);
  return octets;
};

/** JSON lines on standard error: standard output belongs to what a command was asked for. */
export const systemLogger = (level: string): Pino =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: false }));

/** Longer than every retry towards Intune takes, shorter than a client waits. */
const REQUEST_DEADLINE = 55_000;
/** A timer for every request would cost more than its log line, so those of half a second share one. */
const SHARED_FOR = 500;
let shared: { signal: AbortSignal; since: number } | undefined;

/** Aborts after 55 seconds, or up to half a second before. */
export function systemDeadline(): AbortSignal {
  const now = performance.now();
  if (!shared || now - shared.since > SHARED_FOR)
    shared = { signal: AbortSignal.timeout(REQUEST_DEADLINE), since: now };
  return shared.signal;
}
