/** When an administrator is warned that a certificate ends. */
import { DAY } from './durations.ts';

/** Days before the end, the last warning first. */
const WARNED_DAYS = [3, 14, 30, 90] as const;

/** A validity period, both ends included. */
export type Validity = { notBefore: Date; notAfter: Date };

/**
 * The stage of warning that a certificate has reached: 90, 30, 14 or 3 days before its end; undefined before the first.
 * Stages longer than half of its life are left out, because a certificate of 90 days is renewed in its last 30.
 */
export const endingStage = ({ notBefore, notAfter }: Validity, now: Date): (typeof WARNED_DAYS)[number] | undefined => {
  const half = (notAfter.getTime() - notBefore.getTime()) / 2;
  return WARNED_DAYS.find((days) => days * DAY <= half && notAfter.getTime() - now.getTime() <= days * DAY);
};

/** `ends in 13 days, at 2026-12-09T12:00:00.000Z`. */
export const endingText = ({ notAfter }: Pick<Validity, 'notAfter'>, now: Date): string => {
  const days = Math.floor((notAfter.getTime() - now.getTime()) / DAY);
  return `ends in ${days} ${days === 1 ? 'day' : 'days'}, at ${notAfter.toISOString()}`;
};
