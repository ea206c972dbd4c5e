/** The only place that takes time, randomness and the log from the system; every room gets them as parameters. */
import { randomBytes } from 'node:crypto';
import { type Logger as Pino, pino } from 'pino';
import type { Clock, RandomBytes } from '../core/contracts.ts';

export const systemClock: Clock = () => new Date();

/** Asking the system costs more than the octets: one enrolment takes five handfuls, so they are fetched by the page. */
const POOL = 4096;
let pool: Buffer = Buffer.alloc(0);

/** Random octets of the system. None is handed out twice, and none stays behind in the pool. */
export const systemRandom: RandomBytes = (length) => {
  if (length > POOL) return randomBytes(length);
  if (length > pool.length) pool = randomBytes(POOL);
  const octets = Uint8Array.from(pool.subarray(0, length));
  pool.fill(0, 0, length);
  pool = pool.subarray(length);
  return octets;
};

/** JSON lines on standard error: standard output belongs to what a command was asked for. */
export const systemLogger = (level: string): Pino =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: false }));

/** Longer than every retry towards Intune takes, shorter than a client waits. */
const REQUEST_DEADLINE = 55_000;
export const systemDeadline = (): AbortSignal => AbortSignal.timeout(REQUEST_DEADLINE);
