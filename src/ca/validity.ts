/** The validity period: as requested, limited by the profile and by the issuing certificate. */
import { DAY, HOUR } from '../core/durations.ts';
import type { RequestedValidity, ValidityUnit } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import type { Profile } from './profile.ts';

/** A validity period, both ends included. */
export type Period = { notBefore: Date; notAfter: Date };

/** Months and years are those of the calendar, UTC. */
const UNITS: Readonly<Record<ValidityUnit, { ms: number } | { months: number }>> = {
  Hours: { ms: HOUR },
  Days: { ms: DAY },
  Weeks: { ms: 7 * DAY },
  Months: { months: 1 },
  Years: { months: 12 },
};

/** The time in which all of them are valid. */
export const commonPeriod = (all: readonly Period[]): Period => ({
  notBefore: new Date(Math.max(...all.map(({ notBefore }) => notBefore.getTime()))),
  notAfter: new Date(Math.min(...all.map(({ notAfter }) => notAfter.getTime()))),
});

/**
 * The period of a certificate issued at `now`. Throws Refusal `issuer_failed` when the issuing certificate has expired,
 * which can happen while the server runs.
 */
export function periodFor(profile: Profile, issuer: Period, wish: RequestedValidity | undefined, now: Date): Period {
  const start = now.getTime();
  if (issuer.notAfter <= now)
    throw new Refusal('issuer_failed', `the issuing certificate expired at ${issuer.notAfter.toISOString()}`);
  const wished = wish ? endOf(wish, now) : start + profile.validity;
  return {
    notBefore: new Date(Math.max(start - profile.backdate, issuer.notBefore.getTime())),
    notAfter: new Date(Math.min(wished, start + profile.maxValidity, issuer.notAfter.getTime())),
  };
}

/** Milliseconds since the epoch; Infinity beyond the end of the calendar. */
function endOf({ unit, count }: RequestedValidity, now: Date): number {
  const length = UNITS[unit];
  if ('ms' in length) return now.getTime() + count * length.ms;
  const end = new Date(now).setUTCMonth(now.getUTCMonth() + count * length.months);
  return Number.isNaN(end) ? Infinity : end;
}
