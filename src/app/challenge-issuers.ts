/** Whoever issues one-time passwords: one for each endpoint of a configuration whose policy knows them. */
import { type ChallengeIssuer, challengeIssuer } from '../admin/challenge-issuer.ts';
import type { Store } from '../core/store.ts';
import { oneTimeIn } from '../config/policies.ts';
import type { Config, EndpointConfig } from '../config/schema.ts';
import { systemClock, systemRandom } from '../embed/system.ts';

/** Undefined for an endpoint without one-time passwords. */
export function challengeIssuerOf({ path, policy }: EndpointConfig, store: Store): ChallengeIssuer | undefined {
  const rules = oneTimeIn(policy);
  return rules && challengeIssuer(path, rules, { store, clock: systemClock, random: systemRandom });
}

/** In the order of the configuration. */
export const challengeIssuers = ({ endpoints }: Config, store: Store): ChallengeIssuer[] =>
  endpoints.flatMap((endpoint) => challengeIssuerOf(endpoint, store) ?? []);
