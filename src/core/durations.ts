/** Lengths of time. */

/** Milliseconds. */
export const SECOND = 1_000;
/** Milliseconds. */
export const MINUTE = 60 * SECOND;
/** Milliseconds. */
export const HOUR = 60 * MINUTE;
/** Milliseconds; without leap seconds or daylight saving. */
export const DAY = 24 * HOUR;

/**
 * Whether `now` lies less than `period` milliseconds after `since`. Not when it lies before: then the clock was set back,
 * and what waits for the end of the period would wait for as long as the clock was wrong.
 */
export const isWithin = (period: number, since: number, now: number): boolean => now >= since && now - since < period;
