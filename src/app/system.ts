/** The only place that takes time, randomness and the log from the system; every room gets them as parameters. */
import { randomBytes } from 'node:crypto';
import { type Logger as Pino, pino } from 'pino';
import type { Clock, RandomBytes } from '../core/contracts.ts';

export const systemClock: Clock = () => new Date();
export const systemRandom: RandomBytes = (length) => randomBytes(length);

/** JSON lines on standard error: standard output belongs to what a command was asked for. */
export const systemLogger = (level: string): Pino =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: false }));

/** Longer than every retry towards Intune takes, shorter than a client waits. */
const REQUEST_DEADLINE = 55_000;
export const systemDeadline = (): AbortSignal => AbortSignal.timeout(REQUEST_DEADLINE);
