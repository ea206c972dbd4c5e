/** How long background work waits before it tries again what another system did not accept. */
import { HOUR } from '../core/durations.ts';

const FIRST_DELAY = 30_000;
const LONGEST_DELAY = HOUR;

/** Milliseconds: doubled from 30 seconds to one hour. `attempts`: how many failed before this one. */
export const retryDelay = (attempts: number): number => Math.min(FIRST_DELAY * 2 ** attempts, LONGEST_DELAY);
