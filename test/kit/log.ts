/** A log that is kept, as the product writes it. */
import { pino } from 'pino';
import type { Logger } from '../../src/core/environment.ts';
import type { Emit } from '../../src/core/events.ts';
import { logEvents } from '../../src/embed/log-events.ts';

/**
 * The log as the product writes it, a line for each entry; arrays of octets are lists of numbers in it. `next` is the
 * line that comes next; `emit` logs events.
 */
export type KeptLog = Logger & { lines: string[]; next: () => Promise<string>; emit: Emit };
export function keptLog(): KeptLog {
  const lines: string[] = [];
  let coming = Promise.withResolvers<string>();
  const write = (line: string): void => {
    const text = line.replace(/"\d+":/g, '');
    lines.push(text);
    coming.resolve(text);
    coming = Promise.withResolvers();
  };
  const log = bound(pino({ level: 'debug', base: null }, { write }));
  return { lines, next: () => coming.promise, emit: logEvents(log), ...log };
}

const bound = (log: Logger): Logger => ({
  debug: (fields, message) => log.debug(fields, message),
  info: (fields, message) => log.info(fields, message),
  warn: (fields, message) => log.warn(fields, message),
  error: (fields, message) => log.error(fields, message),
});
