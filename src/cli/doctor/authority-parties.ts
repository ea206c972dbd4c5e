/** The authorities of a configuration, with the parties of their endpoints: each party has an RA of its own. */
import { challengeParties } from '../../config/challenge-parties.ts';
import type { Authority } from '../../app/loaded-authority.ts';
import type { Settings } from '../../app/settings.ts';

/** An authority with the parties of its endpoints, each of which has an RA. */
export type LoadedAuthority = { name: string; authority: Authority; parties: readonly (string | undefined)[] };

/** The authorities of a configuration. One without an endpoint has the RA of no parties. */
export function authoritiesOf({ authorities, endpoints }: Settings): LoadedAuthority[] {
  return [...authorities.values()].map(({ name, authority }) => {
    const own = endpoints.filter(({ config }) => config.authority.name === name);
    const parties = new Set(own.map(({ config }) => challengeParties(config.policy)));
    return { name, authority, parties: parties.size > 0 ? [...parties] : [undefined] };
  });
}
