/** Entra's token endpoints of both versions: client credentials only (RFC 6749 4.4). */
import { entraError } from '../error-bodies.ts';
import { type ServiceCall, type ServiceHandler, json, mediaType } from '../service-call.ts';
import type { SimulatorState } from '../state.ts';
import type { TokenAuthority } from '../tokens.ts';
import { credentialFailure } from './client-authentication.ts';
import { VERSIONS } from './grant.ts';
import { GRANT_CHECKS, type GrantRequest } from './grant-checks.ts';
import { issuerOf } from './metadata.ts';
import { isTenant, unknownTenant } from './tenant-name.ts';

/** Lifetime of a token. Entra's are valid for 60 to 90 minutes. */
const TOKEN_SECONDS = 3600;

/**
 * `POST /{tenant}/oauth2/v2.0/token` and `/{tenant}/oauth2/token`, with the same checks. With the fault `no-role` the
 * token is as before an administrator consents.
 */
export const token =
  (version: keyof typeof VERSIONS, state: SimulatorState, tokens: TokenAuthority): ServiceHandler =>
  (call, responseFault) => {
    if (!isTenant(state, call)) return unknownTenant(call);
    const row = VERSIONS[version];
    const request: GrantRequest = { form: formOf(call), call, state, resourceField: row.field };
    const failed = GRANT_CHECKS.find(({ fails }) => fails(request))?.error(request) ?? credentialFailure(request);
    if (failed) return entraError(call, failed);
    const grant = row.grantOf(request.form.get(row.field) ?? '', call.site);
    if ('error' in grant) return entraError(call, grant);
    const times = timesOf(call);
    const access_token = tokens.issue({
      aud: grant.audience,
      iss: issuerOf(version, call.site, state),
      ...times,
      appid: state.clientId,
      tid: state.tenantId,
      ...rolesClaim(responseFault === 'no-role' ? [] : state.app.roles[grant.api]),
    });
    return json(
      200,
      row.answer({ access_token, resource: grant.audience, ...times, seconds: TOKEN_SECONDS }),
      NO_STORE,
    );
  };

/** A token without any role has no such claim. */
export const rolesClaim = (roles: readonly string[]): { roles?: readonly string[] } =>
  roles.length === 0 ? {} : { roles };

const NO_STORE = { headers: { 'cache-control': 'no-store' } };

const formOf = (call: ServiceCall): URLSearchParams =>
  new URLSearchParams(mediaType(call) === 'application/x-www-form-urlencoded' ? call.body : '');

const timesOf = ({ at }: ServiceCall): { iat: number; nbf: number; exp: number } => {
  const iat = Math.floor(at.getTime() / 1000);
  return { iat, nbf: iat, exp: iat + TOKEN_SECONDS };
};
