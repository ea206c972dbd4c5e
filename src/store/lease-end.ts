/** When a lease or a delay is over: at its end, and when its end is so far away that the clock was set back since it began. */
import type { Moment } from './tables.ts';

/** Milliseconds. Nothing is postponed for so long: a CA is asked again after a day. */
const LONGEST_DELAY = 48 * 60 * 60_000;

/** What is due later than this was postponed before the clock was set back. */
export const furthestDue = (now: Moment): Moment => now + LONGEST_DELAY;

/** Milliseconds. Every lease is much shorter. */
const LONGEST = 60 * 60_000;

/** `furthest` is the latest end that a lease can have at the moment `now`. */
export type LeaseMoments = { now: Moment; furthest: Moment };

/** For a claim at this moment. */
export const leaseMoments = (now: Moment): LeaseMoments => ({ now, furthest: now + LONGEST });

/** Whether a lease with this end, if there is one, keeps other owners out. The queries of claims compare likewise. */
export const isHeld = (until: Moment | null, { now, furthest }: LeaseMoments): boolean =>
  until !== null && until > now && until <= furthest;
