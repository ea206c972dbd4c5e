/** The options of `openndes certs list`: how each is written, and the filter that they make together. */
import { InvalidArgumentError } from 'commander';
import { catchDerError } from '../asn1/limits.ts';
import { DAY } from '../core/durations.ts';
import type { CertificateName, CertificateState } from '../core/records.ts';
import { type ListFilter, serialBeginning } from '../manage/certificates.ts';
import { namesOfText } from '../pkix/certificate-names.ts';

/** The states that lists show, as far as they are asked for. */
export const LIST_STATES = ['issued', 'delivered', 'expired', 'revoked'] as const;

/** As commander gives them. */
export type FilterOptions = Pick<ListFilter, 'subject' | 'cn' | 'endpoint' | 'limit' | 'after' | 'thumbprint'> & {
  state?: (typeof LIST_STATES)[number];
  expired?: true;
  expiresBefore?: (now: Date) => Date;
  san?: readonly CertificateName[];
  serial?: string;
};

/** A delivered certificate that has ended is shown as `expired`, so `delivered` are those that have not. */
export function listFilter(options: FilterOptions, now: Date): ListFilter {
  const { state: asked, expired, expiresBefore, san, serial, ...rest } = options;
  const state = expired ? 'expired' : asked;
  const before = expiresBefore?.(now);
  const filter = { ...rest, ...(san && { names: san }), ...(serial !== undefined && { serialPrefix: serial }) };
  if (state === 'expired')
    return { ...filter, ...stateOf('delivered'), ends: { before: before && before < now ? before : now } };
  const from = state === 'delivered' || (before && before > now) ? { from: now } : {};
  return { ...filter, ...(state && stateOf(state)), ends: { ...from, ...(before && { before }) } };
}

const stateOf = (state: CertificateState): { state: CertificateState } => ({ state });

/** An argument parser for a date in UTC, with or without a time,, or days from now. */
export function moment(text: string): (now: Date) => Date {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  if (days !== undefined) return (now) => new Date(now.getTime() + Number(days) * DAY);
  const [, day = '', time = 'T00:00', offset = 'Z'] = DATE.exec(text) ?? [];
  const date = new Date(`${day}${time}${offset}`);
  if (isDay(day) && !Number.isNaN(date.getTime())) return () => date;
  throw new InvalidArgumentError('A date such as 2027-03-01, or days from now such as 90d, is needed.');
}

/** JavaScript takes 30 February for 2 March. */
const isDay = (day: string): boolean => day !== '' && new Date(day).toJSON()?.startsWith(day);

const DATE = /^(\d{4}-\d\d-\d\d)(?:(T\d\d:\d\d(?::\d\d)?)(Z|[+-]\d\d:\d\d)?)?$/;

/** An argument parser for a subjectAltName. */
export const names = (text: string): CertificateName[] =>
  catchDerError(
    () => namesOfText(text.trim()),
    (error) => {
      throw new InvalidArgumentError((error as Error).message);
    },
  );

/** An argument parser for a thumbprint: Windows and openssl write colons or blanks between the octets. */
export function thumbprint(text: string): string {
  const digits = text.replace(/[:\s\u200e]/g, '').toLowerCase();
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(digits)) return digits;
  throw new InvalidArgumentError('40 (SHA-1) or 64 (SHA-256) hexadecimal digits are needed.');
}

/** An argument parser for the beginning of a serial number. */
export function serialPrefix(text: string): string {
  const digits = serialBeginning(text);
  if (/^[0-9a-f]+$/.test(digits)) return digits;
  throw new InvalidArgumentError('Hexadecimal digits are needed.');
}
