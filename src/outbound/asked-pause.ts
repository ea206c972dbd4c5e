/** How long a service asks to be left alone. */
import type { Clock } from '../core/environment.ts';

/**
 * Retry-After (RFC 9110 10.2.3), seconds or a date, as milliseconds from now. Services of Microsoft send fractions of seconds.
 * Undefined when absent or unreadable.
 */
export function retryAfterMs(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const ms = /^\d+(\.\d+)?$/.test(text) ? Math.ceil(Number(text) * 1000) : Date.parse(text) - clock().getTime();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** Retry-After, or in its absence `x-ms-retry-after-ms` of Microsoft, which is milliseconds. Undefined when neither can be read. */
export function askedPauseMs(headers: Readonly<Record<string, string>>, clock: Clock): number | undefined {
  const asked = retryAfterMs(headers['retry-after'], clock);
  const ms = headers['x-ms-retry-after-ms']?.trim() ?? '';
  return asked ?? (/^\d+(\.\d+)?$/.test(ms) ? Math.ceil(Number(ms)) : undefined);
}
