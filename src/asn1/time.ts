/** UTCTime and GeneralizedTime, as RFC 5280 4.1.2.5 restricts them. */
import { DerError } from './limits.ts';
import { TAG } from './tags.ts';

const PATTERNS: ReadonlyMap<number, RegExp> = new Map([
  [TAG.utcTime, /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.\d+)?(Z|[+-]\d{4})$/],
  [TAG.generalizedTime, /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.\d+)?(Z|[+-]\d{4})$/],
]);
const LONGEST = 32;

/**
 * The time in an element. Old clients leave out seconds and write fractions and offsets: missing seconds are 0,
 * fractions are dropped, offsets are applied. Throws DerError when the element is not a time. `time` in writer.ts
 * always writes seconds and Z.
 */
export function readTime(tag: number, content: Uint8Array): Date {
  const pattern = PATTERNS.get(tag);
  if (!pattern) throw new DerError(`tag 0x${tag.toString(16)} is not a time`);
  const match = content.length <= LONGEST ? pattern.exec(Buffer.from(content).toString('latin1')) : null;
  if (!match) throw new DerError('malformed time');
  const [, year = '', month, day, hour, minute, second = '0', zone = 'Z'] = match;
  const midnight = dayOf(fullYear(year), Number(month), Number(day));
  const inRange = Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60;
  if (midnight === undefined || !inRange) throw new DerError('time out of range');
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return new Date(midnight + (seconds - offsetSeconds(zone)) * 1000);
}

/** The start of a day in milliseconds since the epoch, UTC; undefined for a day that is not in the calendar. */
function dayOf(year: number, month: number, day: number): number | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCFullYear() === year && date.getUTCDate() === day ? date.getTime() : undefined;
}

// RFC 5280 4.1.2.5.1: 50 to 99 is 1950 to 1999.
const fullYear = (digits: string): number =>
  digits.length === 4 ? Number(digits) : Number(digits) + (Number(digits) >= 50 ? 1900 : 2000);

const offsetSeconds = (zone: string): number =>
  zone === 'Z' ? 0 : (zone[0] === '-' ? -1 : 1) * (Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(3)) * 60);
