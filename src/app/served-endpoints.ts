/** The endpoints of a configuration that can be served, ready for the server. */
import type { LocalAuthorityParts } from '../ca/local-authority.ts';
import { challengeParties } from '../config/challenge-parties.ts';
import type { EndpointConfig } from '../config/endpoints.ts';
import { tenantsOf } from '../config/policies.ts';
import type { PolicyConfig } from '../config/policy-kinds.ts';
import { defined } from '../core/defined.ts';
import type { Clock } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import type { Revoker } from '../core/issuer.ts';
import type { SecretStore } from '../core/store.ts';
import type { EndpointOptions } from '../embed/enrollment.ts';
import type { RevocationList } from '../revocation/revocation-list.ts';
import { earlierCa } from './earlier-cas.ts';
import type { Authority } from './loaded-authority.ts';
import { type PolicyServices, policyOf } from './policy-makers.ts';
import { type RaKeeper, withKem } from './ra-keeper.ts';
import { keyTransport } from './named-ras.ts';
import { listName, previousLists } from './named-lists.ts';
import { type LoadedEndpoint, type NotServed, profileOf } from './loaded-endpoints.ts';
import type { Settings } from './settings.ts';

/** An endpoint as the server takes it, and what keeps its RA. */
export type ServedEndpoint = {
  name: string;
  authority: string;
  options: EndpointOptions;
  keeper: RaKeeper;
  /** What its policy and its issuer are made from, so that a thread can make them again. An issuer elsewhere is made once. */
  madeFrom: { policy: PolicyConfig; issuer?: Omit<LocalAuthorityParts, 'clock' | 'random' | 'take'> };
};

/** What endpoints are made with. `isUnusable`: whether a tenant cannot be used now. */
export type EndpointServices = PolicyServices & {
  store: SecretStore;
  crls: ReadonlyMap<string, RevocationList>;
  clock: Clock;
  isUnusable: (tenant: string) => boolean;
  /** Whether the CA product of an authority cannot be used now. */
  isIssuerDown: (authority: string) => boolean;
};

/** All endpoints of a configuration. */
export type Endpoints = { served: readonly ServedEndpoint[]; notServed: readonly NotServed[] };

/** Throws the ConfigError of the first endpoint that cannot be served; where a part is enough, when none can. */
export async function servedEndpoints(
  settings: Settings,
  services: EndpointServices,
  part: boolean,
): Promise<Endpoints> {
  const served: ServedEndpoint[] = [];
  const notServed: NotServed[] = [];
  for (const each of settings.endpoints)
    try {
      served.push(await servedEndpoint(each, services, keyTransport(settings.config.fips)));
    } catch (err) {
      if (!(err instanceof ConfigError)) throw err;
      notServed.push({ endpoint: each.config.name, err });
    }
  const [first] = notServed;
  if (first && (!part || served.length === 0)) throw first.err;
  return { served, notServed: [...settings.notServed, ...notServed] };
}

/** What of an endpoint is not passed on: it is resolved here, or serves the administrator's page. */
type Resolved = 'authority' | 'profile' | 'byUsage' | 'policy' | 'adminPage' | 'earlierCas' | 'kem';
/** The settings, passed on as they are. Compiles only while each is a setting of `EndpointOptions` too. */
type PassedOn = Pick<EndpointOptions, Exclude<keyof EndpointConfig, Resolved>>;

async function servedEndpoint(
  { config, authority, issuer, earlierCas }: LoadedEndpoint,
  services: EndpointServices,
  transport: Pick<EndpointOptions, 'pkcs1KeyTransport'>,
): Promise<ServedEndpoint> {
  const { policy, authority: named, profile, byUsage: _, adminPage: __, earlierCas: ___, kem, ...rest } = config;
  const settings: PassedOn = rest;
  const { renewBefore, maxLifetime } = profile.value;
  const parties = challengeParties(policy);
  const ra = await authority.raKeeper(services, parties);
  const keeper = kem ? withKem(ra, await authority.kemKeeper(services, parties)) : ra;
  const options = {
    ...settings,
    ...transport,
    policy: await policyOf(policy, services),
    issuer,
    ...revokerOf(issuer),
    ra: keeper.current,
    chain: authority.chain,
    ...(earlierCas.length > 0 && { renewalFrom: earlierCas.map((each) => earlierCa(each, services.emit)) }),
    waiting: () => services.isIssuerDown(named.name) || requestsWait(policy, authority, services.isUnusable),
    previous: previousLists(named.name, authority).flatMap(({ list, certificate }) => {
      const crl = services.crls.get(list);
      return crl ? [{ certificate, crl }] : [];
    }),
    ...defined({
      renewBefore,
      maxLifetime,
      next: authority.next,
      crl: services.crls.get(listName(named.name, authority)),
      tenant: tenantsOf(policy)[0],
    }),
  };
  const { certificate, chain, key } = authority;
  const madeFrom = { policy, ...(key && { issuer: { certificate, chain, key, profile: profileOf(config) } }) };
  return { name: config.name, authority: named.name, options, keeper, madeFrom };
}

/** A CA elsewhere keeps its own revocation list, and is told. */
export const revokerOf = (product: Partial<Revoker>): Pick<EndpointOptions, 'revoker'> =>
  product.revoke
    ? {
        revoker: {
          revoke: product.revoke.bind(product),
          ...defined({ release: product.release?.bind(product) }),
        },
      }
    : {};

/** Whether what decides or what signs does not answer now, so that devices get PENDING. */
export const requestsWait = (
  policy: PolicyConfig,
  { keyStanding }: Pick<Authority, 'keyStanding'>,
  isUnusable: EndpointServices['isUnusable'],
): boolean => keyStanding?.() !== undefined || needs(policy).some(isUnusable);

/** The tenants without which a policy decides nothing. */
function needs(policy: PolicyConfig): string[] {
  if (policy.kind === 'intune') return [policy.tenant.name];
  return policy.kind === 'allOf' ? policy.policies.flatMap(needs) : [];
}
