/** Lengths of time. */

/** Milliseconds. */
export const MINUTE = 60_000;
/** Milliseconds. */
export const HOUR = 60 * MINUTE;
/** Milliseconds; without leap seconds or daylight saving. */
export const DAY = 24 * HOUR;
