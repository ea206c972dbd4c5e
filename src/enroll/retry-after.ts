/** When a client that is refused for overload is to come again. */

/** Seconds. */
const SHORTEST = 5;
const LONGEST = 20;
/** Clients are spread over so many times the shortest time. */
const SPREAD = 3;

/**
 * Whole seconds, from 5 to 60: between once and three times the time after which the work ahead is done, in milliseconds.
 * `chance` is from 0 to 1, below 1: clients that are refused at the same time do not come again at the same time.
 */
export function retryAfter(ahead: number, chance: number): number {
  const shortest = Math.min(Math.max(Math.ceil(ahead / 1_000), SHORTEST), LONGEST);
  return shortest + Math.floor(chance * (shortest * (SPREAD - 1) + 1));
}
