/** Entra ID: the OpenID configuration, the token endpoint (client credentials only, RFC 6749 4.4) and the keys. */
import { entraError } from './error-bodies.ts';
import { type ServiceAnswer, type ServiceCall, type ServiceHandler, json, mediaType } from './service-call.ts';
import type { ServiceSite } from './site.ts';
import type { SimulatorState } from './state.ts';
import { ROLES, type TokenAuthority } from './tokens.ts';

/** Lifetime of a token. Entra's are valid for 60 to 90 minutes. */
const TOKEN_SECONDS = 3600;

/** `GET /{tenant}/v2.0/.well-known/openid-configuration`: metadata (OpenID Connect Discovery 1.0, 3). */
export const openid =
  (state: SimulatorState): ServiceHandler =>
  (call) =>
    isTenant(state, call.tenant) ? json(200, configuration(call, state)) : unknownTenant(call);

const configuration = ({ site, tenant }: ServiceCall, state: SimulatorState): object => ({
  issuer: issuer(site, state),
  authorization_endpoint: `${site.login}/${tenant}/oauth2/v2.0/authorize`,
  token_endpoint: `${site.login}/${tenant}/oauth2/v2.0/token`,
  end_session_endpoint: `${site.login}/${tenant}/oauth2/v2.0/logout`,
  jwks_uri: `${site.login}/${tenant}/discovery/v2.0/keys`,
  token_endpoint_auth_methods_supported: ['client_secret_post'],
  response_types_supported: ['token'],
  subject_types_supported: ['pairwise'],
  id_token_signing_alg_values_supported: ['RS256'],
  tenant_region_scope: 'EU',
});

const issuer = ({ login }: ServiceSite, { tenantId }: SimulatorState): string => `${login}/${tenantId}/v2.0`;

/** `POST /{tenant}/oauth2/v2.0/token`. With the fault `no-role` the token is as before an administrator consents. */
export const token =
  (state: SimulatorState, tokens: TokenAuthority): ServiceHandler =>
  (call, responseFault) => {
    const form = new URLSearchParams(mediaType(call) === 'application/x-www-form-urlencoded' ? call.body : '');
    const refused = refusal(call, form, state);
    if (refused) return refused;
    const grant = grantOf(form.get('scope'), call.site);
    if (!grant) return entraError(call, scopeError(form.get('scope')));
    const iat = Math.floor(call.at.getTime() / 1000);
    const access_token = tokens.issue({
      aud: grant.audience,
      iss: issuer(call.site, state),
      iat,
      nbf: iat,
      exp: iat + TOKEN_SECONDS,
      appid: state.clientId,
      tid: state.tenantId,
      ...(responseFault === 'no-role' ? {} : { roles: [grant.role] }),
    });
    const lifetime = { expires_in: TOKEN_SECONDS, ext_expires_in: TOKEN_SECONDS };
    return json(200, { token_type: 'Bearer', ...lifetime, access_token }, { headers: { 'cache-control': 'no-store' } });
  };

type GrantCheck = {
  fails: (form: URLSearchParams, state: SimulatorState) => boolean;
  status: number;
  error: string;
  number: number;
  text: string;
};

const required = (name: string): GrantCheck => ({
  fails: (form) => !form.get(name),
  status: 400,
  error: 'invalid_request',
  number: 900144,
  text: `The request body must contain the following parameter: '${name}'.`,
});

/** In the order in which Entra checks. */
const GRANT_CHECKS: readonly GrantCheck[] = [
  required('grant_type'),
  required('client_id'),
  required('scope'),
  {
    fails: (form) => form.get('grant_type') !== 'client_credentials',
    status: 400,
    error: 'unsupported_grant_type',
    number: 70003,
    text: 'The simulator supports client_credentials only.',
  },
  {
    fails: (form, { clientId }) => form.get('client_id')?.toLowerCase() !== clientId.toLowerCase(),
    status: 400,
    error: 'unauthorized_client',
    number: 700016,
    text: 'No application with this identifier was found in the directory.',
  },
  {
    fails: (form) => !form.get('client_secret'),
    status: 401,
    error: 'invalid_client',
    number: 7000218,
    text: "The request body must contain the following parameter: 'client_secret'.",
  },
  {
    fails: (form, { clientSecret }) => form.get('client_secret') !== clientSecret,
    status: 401,
    error: 'invalid_client',
    number: 7000215,
    text: 'The client secret that was provided is wrong.',
  },
];

function refusal(call: ServiceCall, form: URLSearchParams, state: SimulatorState): ServiceAnswer | undefined {
  if (!isTenant(state, call.tenant)) return unknownTenant(call);
  const failed = GRANT_CHECKS.find(({ fails }) => fails(form, state));
  return failed && entraError(call, failed);
}

const isTenant = ({ tenant, tenantId }: SimulatorState, name: string): boolean =>
  [tenant, tenantId].some((known) => known.toLowerCase() === name.toLowerCase());

const unknownTenant = (call: ServiceCall): ServiceAnswer =>
  entraError(call, {
    status: 400,
    error: call.hop === 'openid' ? 'invalid_tenant' : 'invalid_request',
    number: 90002,
    text: `Tenant '${call.tenant.slice(0, 80)}' was not found. Check the name and the cloud.`,
  });

/**
 * The service of a scope. The resource id of Intune ends with a slash, so its scope is `…//.default`; one slash is
 * accepted too.
 */
function grantOf(scope: string | null, site: ServiceSite): { audience: string; role: string } | undefined {
  const resource = /^(.*?)\/+\.default$/.exec(scope ?? '')?.[1];
  if (resource === site.graph) return { audience: site.graph, role: ROLES.readApplications };
  return resource === site.intune ? { audience: `${site.intune}/`, role: ROLES.scep } : undefined;
}

const scopeError = (scope: string | null): { status: number; error: string; number: number; text: string } => ({
  status: 400,
  error: 'invalid_scope',
  number: 70011,
  text: `The scope '${scope?.slice(0, 200)}' is not valid: it must be the resource of Graph or Intune with /.default.`,
});

/** `GET /{tenant}/discovery/v2.0/keys`: the public key of the tokens (RFC 7517 5). */
export const keys =
  (state: SimulatorState, tokens: TokenAuthority): ServiceHandler =>
  (call) =>
    isTenant(state, call.tenant) ? json(200, tokens.jwks) : unknownTenant(call);
