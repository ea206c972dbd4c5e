/** What Entra publishes: OpenID configuration, instance discovery and keys. openndes asks for none; libraries do. */
import { entraError } from '../error-bodies.ts';
import { type ServiceCall, type ServiceHandler, json } from '../service-call.ts';
import { isLoginHost, type ServiceSite, type SimulatedCloud } from '../site.ts';
import type { SimulatorState } from '../state.ts';
import type { TokenAuthority } from '../tokens.ts';
import { isTenant, tenantOf, unknownTenant } from './tenant-name.ts';

/** The version in the path of the configuration: `v2.0`, or none for the first one. */
type EntraVersion = 'v1' | 'v2';

/** `GET /{tenant}[/v2.0]/.well-known/openid-configuration` (OpenID Connect Discovery 1.0, 3). */
export const openid =
  (version: EntraVersion, state: SimulatorState): ServiceHandler =>
  (call) =>
    isTenant(state, call) ? json(200, configuration(version, call, state)) : unknownTenant(call);

const configuration = (version: EntraVersion, call: ServiceCall, state: SimulatorState): object => {
  const base = `${call.site.login}/${tenantOf(call)}`;
  const oauth = version === 'v2' ? `${base}/oauth2/v2.0` : `${base}/oauth2`;
  return {
    issuer: issuerOf(version, call.site, state),
    authorization_endpoint: `${oauth}/authorize`,
    token_endpoint: `${oauth}/token`,
    end_session_endpoint: `${oauth}/logout`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
    response_types_supported: ['token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    tenant_region_scope: 'EU',
  };
};

/** The issuer of tokens. Entra's first version has a host of its own; here it is the login host with a slash at the end. */
export const issuerOf = (version: EntraVersion, { login }: ServiceSite, { tenantId }: SimulatorState): string =>
  version === 'v2' ? `${login}/${tenantId}/v2.0` : `${login}/${tenantId}/`;

/** `GET /common/discovery/instance`: the aliases of the authority that a client is about to use. */
export const instance =
  (cloud: SimulatedCloud | undefined): ServiceHandler =>
  (call) => {
    const authority = URL.parse(call.query.get('authorization_endpoint') ?? '');
    if (!authority || !isLoginHost(authority.hostname, call.site, cloud)) return entraError(call, UNKNOWN_INSTANCE);
    const { host } = new URL(call.site.login);
    const [, tenant = 'common'] = authority.pathname.split('/');
    return json(200, {
      tenant_discovery_endpoint: `${call.site.login}/${tenant}/v2.0/.well-known/openid-configuration`,
      'api-version': call.query.get('api-version') ?? '1.1',
      metadata: [
        { preferred_network: host, preferred_cache: host, aliases: [...new Set([host, authority.host])].toSorted() },
      ],
    });
  };

const UNKNOWN_INSTANCE = {
  status: 400,
  error: 'invalid_instance',
  number: 50049,
  text: 'The authorization_endpoint names an unknown or invalid instance.',
};

/** `GET /{tenant}/discovery/v2.0/keys`: the public key of the tokens (RFC 7517 5). */
export const keys =
  (state: SimulatorState, tokens: TokenAuthority): ServiceHandler =>
  (call) =>
    isTenant(state, call) ? json(200, tokens.jwks) : unknownTenant(call);
