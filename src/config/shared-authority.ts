/** Warnings about endpoints that share an authority: each can have weaker rules than the other one. */
import { challengeParties } from './challenge-parties.ts';
import type { EndpointConfig } from './endpoints.ts';
import { asksIntune } from './policies.ts';
import { type Broken, type Found, finding, type Rule } from './valid-parts.ts';
import type { Finding } from './yaml/schema-problems.ts';

type Compare = (endpoint: EndpointConfig, other: EndpointConfig, place: string) => Broken | undefined;

/** At every endpoint, compared with each other endpoint of the same authority; the first finding counts. */
const eachPair =
  (compare: Compare): Rule['check'] =>
  ({ endpoints }) =>
    endpoints.flatMap((one) => firstFinding(one, endpoints, compare));

function firstFinding(
  { path, value: endpoint }: Found<EndpointConfig>,
  endpoints: readonly Found<EndpointConfig>[],
  compare: Compare,
): Finding[] {
  for (const { path: place, value: other } of endpoints) {
    if (other === endpoint || other.authority.name !== endpoint.authority.name) continue;
    const broken = compare(endpoint, other, `endpoints[${place.at(-1)}]`);
    if (broken) return finding(path, broken);
  }
  return [];
}

/**
 * Intune compares every name with its profile. Where another policy of the same authority does not, a holder of its
 * challenge gets a certificate with the names of a user of Intune, and no verifier can tell the two apart.
 */
export const unequalNames = eachPair((endpoint, other, place) =>
  !asksIntune(endpoint.policy) && !limitsNames(endpoint) && asksIntune(other.policy)
    ? {
        key: 'policy',
        what: `no policy here compares names, and ${place} issues from the same authority for Intune, so a certificate from here can have the names of any user of Intune`,
        remedy: 'Give the endpoint an authority of its own, or limit its names: `profiles.NAME.names`.',
      }
    : undefined,
);

const limitsNames = ({ profile, byUsage }: EndpointConfig): boolean =>
  [profile, ...Object.values(byUsage ?? {})].every(({ value }) => value.names);

/** An RA that openndes makes is one for each party; one that is configured opens messages for all of them. */
export const sharedRa = eachPair((endpoint, other, place) => {
  const { ra } = endpoint.authority.value;
  const party = challengeParties(endpoint.policy);
  if (ra === 'auto' || ra === 'split' || party === undefined || party === challengeParties(other.policy))
    return undefined;
  return {
    key: 'policy',
    what: `the RA of the authority is configured and opens messages for ${place} too, so a person who records a request to that endpoint and sends it to this one has its challenge told to the service of this one`,
    remedy: 'Use `ra: auto`, which makes an RA for each of them, or give the endpoint an authority of its own.',
  };
});
