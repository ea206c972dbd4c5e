/** Removes a challenge from the text of a service, which may echo what it was sent. */
import type { Facts } from '../core/policy.ts';

/** The text with `[withheld]` in place of the challenge; unchanged when there is no challenge or an empty one. */
export const withhold = (text: string, challenge: string | undefined): string =>
  challenge ? text.replaceAll(challenge, '[withheld]') : text;

/** The facts with the challenge removed from each value, as `withhold` does. */
export const withoutChallenge = (facts: Facts, challenge: string | undefined): Facts =>
  Object.fromEntries(Object.entries(facts).map(([name, text]) => [name, withhold(text, challenge)]));
