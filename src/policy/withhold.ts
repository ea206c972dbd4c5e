/** Keeps a challenge out of words that come from elsewhere: a service may echo what it was sent. */
import type { Facts } from '../core/policy.ts';

/** The text without the challenge, if there is one. */
export const withhold = (text: string, challenge: string | undefined): string =>
  challenge ? text.replaceAll(challenge, '[withheld]') : text;

/** The facts, each without the challenge. */
export const withoutChallenge = (facts: Facts, challenge: string | undefined): Facts =>
  Object.fromEntries(Object.entries(facts).map(([name, text]) => [name, withhold(text, challenge)]));
