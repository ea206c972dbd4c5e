/** When an administrator is warned that a certificate ends. */
import { DAY } from './durations.ts';

/** Days before the end, the last warning first. */
const WARNED_DAYS = [3, 14, 30, 90] as const;

/** A validity period, both ends included. */
export type Validity = { notBefore: Date; notAfter: Date };

/** A stage of warning, in days before the end. */
export type EndingStage = (typeof WARNED_DAYS)[number];

/**
 * The stage of warning that a certificate has reached; undefined before the first, and 3 also after its end. Stages of more
 * than `longest` milliseconds are left out.
 */
export const endingStage = (notAfter: Date, now: Date, longest = Infinity): EndingStage | undefined => {
  const left = notAfter.getTime() - now.getTime();
  return WARNED_DAYS.find((days) => days * DAY <= longest && left <= days * DAY);
};

/** `ends in 13 days, at 2026-12-09T12:00:00.000Z`. */
export const endingText = (notAfter: Date, now: Date): string => {
  const days = Math.floor((notAfter.getTime() - now.getTime()) / DAY);
  return `ends in ${days} ${days === 1 ? 'day' : 'days'}, at ${notAfter.toISOString()}`;
};
