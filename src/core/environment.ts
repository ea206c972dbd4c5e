/** What every room takes as a parameter instead of from the system: the clock, randomness and the log. */

/** The present time. */
export type Clock = () => Date;

/** Cryptographically strong random octets; `length` of them. */
export type RandomBytes = (length: number) => Uint8Array;

/** The subset of pino that this product uses. Any structured logger with these methods fits. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
