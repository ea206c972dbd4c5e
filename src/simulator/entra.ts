/** Entra: the OpenID configuration of the tenant and the token endpoint, client credentials alone (RFC 6749 4.4). */
import { entraError } from './error-bodies.ts';
import { type ServiceAnswer, type ServiceCall, type Handler, json, mediaType } from './service-call.ts';
import type { Site } from './site.ts';
import type { SimulatorState } from './state.ts';
import { ROLES, type TokenAuthority } from './tokens.ts';

/** Entra gives 60 to 90 minutes. */
const TOKEN_SECONDS = 3600;

/** `GET /{tenant}/v2.0/.well-known/openid-configuration` */
export const openid =
  (state: SimulatorState): Handler =>
  (exchange) =>
    knows(state, exchange.tenant) ? json(200, configuration(exchange, state)) : tenantUnknown(exchange);

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

const issuer = ({ login }: Site, { tenantId }: SimulatorState): string => `${login}/${tenantId}/v2.0`;

/** `POST /{tenant}/oauth2/v2.0/token`. The twist `no-role` is a consent that nobody gave yet. */
export const token =
  (state: SimulatorState, tokens: TokenAuthority): Handler =>
  (exchange, twist) => {
    const form = new URLSearchParams(mediaType(exchange) === 'application/x-www-form-urlencoded' ? exchange.body : '');
    const refused = refusal(exchange, form, state);
    if (refused) return refused;
    const grant = grantOf(form.get('scope'), exchange.site);
    if (!grant) return entraError(exchange, scopeError(form.get('scope')));
    const iat = Math.floor(exchange.at.getTime() / 1000);
    const access_token = tokens.issue({
      aud: grant.audience,
      iss: issuer(exchange.site, state),
      iat,
      nbf: iat,
      exp: iat + TOKEN_SECONDS,
      appid: state.clientId,
      tid: state.tenantId,
      ...(twist === 'no-role' ? {} : { roles: [grant.role] }),
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

/** In the order in which Entra looks. */
const GRANT_CHECKS: readonly GrantCheck[] = [
  required('grant_type'),
  required('client_id'),
  required('scope'),
  {
    fails: (form) => form.get('grant_type') !== 'client_credentials',
    status: 400,
    error: 'unsupported_grant_type',
    number: 70003,
    text: 'The simulator grants client_credentials alone.',
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

function refusal(exchange: ServiceCall, form: URLSearchParams, state: SimulatorState): ServiceAnswer | undefined {
  if (!knows(state, exchange.tenant)) return tenantUnknown(exchange);
  const failed = GRANT_CHECKS.find(({ fails }) => fails(form, state));
  return failed && entraError(exchange, failed);
}

const knows = ({ tenant, tenantId }: SimulatorState, name: string): boolean =>
  [tenant, tenantId].some((known) => known.toLowerCase() === name.toLowerCase());

const tenantUnknown = (exchange: ServiceCall): ServiceAnswer =>
  entraError(exchange, {
    status: 400,
    error: exchange.hop === 'openid' ? 'invalid_tenant' : 'invalid_request',
    number: 90002,
    text: `Tenant '${exchange.tenant.slice(0, 80)}' was not found. Look for a typing error or the wrong cloud.`,
  });

/**
 * The service that a scope names. A resource whose id ends in a slash is asked for with two, `…//.default`; clients
 * that write one get the same token.
 */
function grantOf(scope: string | null, site: Site): { audience: string; role: string } | undefined {
  const resource = /^(.*?)\/+\.default$/.exec(scope ?? '')?.[1];
  if (resource === site.graph) return { audience: site.graph, role: ROLES.readApplications };
  return resource === site.intune ? { audience: `${site.intune}/`, role: ROLES.scep } : undefined;
}

const scopeError = (scope: string | null): { status: number; error: string; number: number; text: string } => ({
  status: 400,
  error: 'invalid_scope',
  number: 70011,
  text: `The scope '${scope?.slice(0, 200)}' is not valid: it must be that of Graph or of Intune, with /.default.`,
});

/** `GET /{tenant}/discovery/v2.0/keys` */
export const keys =
  (state: SimulatorState, tokens: TokenAuthority): Handler =>
  (exchange) =>
    knows(state, exchange.tenant) ? json(200, tokens.jwks) : tenantUnknown(exchange);
