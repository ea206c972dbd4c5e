/** The endpoints of a configuration with what they issue by, and the CA products of its authorities. */
import { withAuthority } from '../ca/pointer-templates.ts';
import type { CaProduct } from '../ca/checked-issuer.ts';
import { DEFAULT_PROFILE, type Profile, profilesIn } from '../ca/profile.ts';
import { ConfigError } from '../core/errors.ts';
import { compareCa } from './ca-comparison.ts';
import { withOwnList } from './own-list.ts';
import { withShards } from './shards.ts';
import { type LoadedEarlierCa, loadEarlierCas } from './earlier-cas.ts';
import type { Authority, LoadTools } from './loaded-authority.ts';
import type { Attempt } from '../config/yaml/problems.ts';
import type { EndpointConfig } from '../config/endpoints.ts';
import type { Reference } from '../config/references.ts';
import type { ProfileConfig } from '../config/profiles.ts';
import type { Config } from '../config/schema.ts';
import type { NamedAuthorities } from './named-authorities.ts';

/** An endpoint of the configuration with its authority and the CAs of before loaded, and an issuer for its profile. */
export type LoadedEndpoint = {
  config: EndpointConfig;
  authority: Authority;
  issuer: CaProduct;
  earlierCas: readonly LoadedEarlierCa[];
};

/** An endpoint that is configured and not served, and why. */
export type NotServed = { endpoint: string; err: ConfigError };

/** Those whose authorities have problems. `ofAuthorities`: the texts of them, by the name of the authority. */
export const notServedOf = (
  { endpoints }: Config,
  ofAuthorities: ReadonlyMap<string, ReadonlySet<string>>,
): NotServed[] =>
  endpoints.flatMap(({ name, authority }) => {
    const texts = ofAuthorities.get(authority.name);
    const remedy = 'Correct it, run `openndes check`, and reload the server.';
    return texts ? [{ endpoint: name, err: new ConfigError([...texts].join('\n'), remedy) }] : [];
  });

/** Those whose authority is loaded and issues for their profile; `attempt` records the problems of the others. */
export async function loadEndpoints(
  { endpoints }: Config,
  authorities: NamedAuthorities,
  { attempt, warn }: Pick<LoadTools, 'attempt' | 'warn'>,
): Promise<LoadedEndpoint[]> {
  const loaded = [];
  for (const [index, config] of endpoints.entries()) {
    const { name } = config.authority;
    const authority = authorities.get(name)?.authority;
    const issuer = await attempt(['authorities', name], () => authority?.issuer(profileOf(config)));
    for (const profile of issuer ? profilesIn(profileOf(config)) : [])
      if (authority) await compareCa({ name, authority, profile }, { attempt, warn });
    if (!authority || !issuer) continue;
    const at = ['endpoints', index, 'renewal', 'from'];
    const earlierCas = await loadEarlierCas(config.earlierCas, { attempt, warn, at, present: authority.certificate });
    loaded.push({ config, authority, issuer, earlierCas });
  }
  return loaded;
}

/** Also of an authority whose endpoint was removed: its certificates are still revoked there. */
export async function loadProducts(
  { profiles }: Config,
  authorities: NamedAuthorities,
  attempt: Attempt,
): Promise<Map<string, CaProduct>> {
  const [profile = DEFAULT_PROFILE] = Object.values(profiles);
  const products = new Map<string, CaProduct>();
  for (const { name, authority } of authorities.values()) {
    const product = await attempt(['authorities', name], () => authority.anyProduct?.(profile));
    if (product) products.set(name, product);
  }
  return products;
}

/**
 * The part of the profile that the CA applies; `renewBefore` and `maxLifetime` belong to the endpoint. The URLs of this server are
 * those of the present CA.
 */
export function profileOf({
  profile,
  byUsage,
  authority,
}: Pick<EndpointConfig, 'profile' | 'byUsage' | 'authority'>): Profile {
  const others = byUsage && {
    byUsage: { signature: ofCa(byUsage.signature), encryption: ofCa(byUsage.encryption) },
  };
  const { name, value } = authority;
  const named = withOwnList(withAuthority({ ...ofCa(profile), ...others }, name), name, value.crl.list);
  return withShards(named, value.crl.list ?? name, value.crl.shards);
}

function ofCa({ name, value }: Reference<ProfileConfig>): Profile {
  const { renewBefore: _, maxLifetime: __, ...rest } = value;
  return { ...rest, name };
}

/** The name of the authority of an endpoint. */
export const authorityOf = ({ config }: LoadedEndpoint): string => config.authority.name;
