/** Issuers of one-time passwords: one for each endpoint of a configuration whose policy accepts such passwords. */
import type { EndpointConfig } from '../config/endpoints.ts';
import { passwordRules } from '../config/policies.ts';
import type { Config } from '../config/schema.ts';
import type { ChallengeStore } from '../core/store.ts';
import { systemClock, systemRandom } from '../embed/system.ts';
import { type ChallengeIssuer, challengeIssuer } from '../manage/one-time-passwords.ts';

/** Undefined for an endpoint without one-time passwords. */
export function challengeIssuerOf(
  { name, path, policy }: EndpointConfig,
  store: ChallengeStore,
): ChallengeIssuer | undefined {
  const rules = passwordRules(policy);
  const services = { store, clock: systemClock, random: systemRandom };
  return rules && { ...challengeIssuer(name, rules, services), path };
}

/** All of them, in the order of the configuration. */
export const challengeIssuers = ({ endpoints }: Pick<Config, 'endpoints'>, store: ChallengeStore): ChallengeIssuer[] =>
  endpoints.flatMap((endpoint) => challengeIssuerOf(endpoint, store) ?? []);
