/** UTCTime and GeneralizedTime, as RFC 5280 4.1.2.5 restricts them. */
import { DerError } from './limits.ts';
import { TAG } from './tags.ts';

const PATTERN = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?:\.\d+)?(Z|[+-]\d{4})$/;

/**
 * The moment an element names. On receipt seconds may be missing, fractions are dropped and offsets are followed,
 * because old clients write them; what we write has seconds and ends in Z. Throws DerError when it is no time.
 */
export function readTime(tag: number, content: Uint8Array): Date {
  if (tag !== TAG.utcTime && tag !== TAG.generalizedTime) throw new DerError(`tag 0x${tag.toString(16)} is not a time`);
  const text = Buffer.from(content.buffer, content.byteOffset, content.length).toString('latin1');
  const match = text.length <= 32 ? PATTERN.exec(text) : null;
  const yearDigits = tag === TAG.utcTime ? 2 : 4;
  if (!match || match[1]!.length !== yearDigits) throw new DerError('malformed time');
  const [month, day, hour, minute, second] = match.slice(2, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const at = Date.UTC(fullYear(match[1]!), month - 1, day, hour, minute, second) - offsetMs(match[7]!);
  const inRange = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second <= 60;
  if (!inRange || !Number.isFinite(at)) throw new DerError('time out of range');
  return new Date(at);
}

// RFC 5280 4.1.2.5.1: 50 to 99 is the last century.
const fullYear = (digits: string): number =>
  digits.length === 4 ? Number(digits) : Number(digits) + (Number(digits) >= 50 ? 1900 : 2000);

const offsetMs = (zone: string): number =>
  zone === 'Z' ? 0 : (zone[0] === '-' ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3))) * 60_000;
