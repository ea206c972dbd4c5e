/**
 * Login at a provider by OpenID Connect, with `openid-client`: discovery, authorization code with PKCE, state and nonce, and an
 * ID token whose signature, issuer, audience and tenant are checked.
 */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  calculatePKCECodeChallenge,
  type ClientAuth,
  clockTolerance,
  type Configuration,
  discovery,
  enableNonRepudiationChecks,
} from 'openid-client';
import { HOUR, isWithin } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import { attemptOf } from './login-attempt.ts';
import { OidcError } from './oidc-faults.ts';
import { type Claims, personIn, rolesIn } from './oidc-person.ts';

/** `tenant`: what the claim `tid` must be. `roles`: those of the provider that mean anything here. */
export type OidcOptions = {
  issuer: string;
  clientId: string;
  auth: ClientAuth;
  publicUrl: string;
  tenant?: string;
  claim: string;
  scope: string;
  roles: ReadonlySet<string>;
  clock: Clock;
};

/** A person whom the provider knows, with the roles that mean something here. */
export type OidcPerson = { name: string; roles: string[] };

/** All throw the errors of the library and OidcError; see oidc-faults.ts. */
export type OidcLogin = {
  issuer: string;
  /** Where the browser is sent. `attempt`: the value of the cookie. */
  begin(attempt: string): Promise<string>;
  /** `query`: of the URL that the browser comes back with. */
  finish(query: string, attempt: string): Promise<OidcPerson>;
  /** Where the browser is sent to log out there too; undefined where the provider has no such place. */
  endUrl(): Promise<string | undefined>;
};

/** The path at which the provider sends the browser back, below `publicUrl`. */
export const CALLBACK = '/admin/login/oidc/callback';

/** Seconds by which the clocks may differ. */
const TOLERANCE = 60;

/** For one provider. It is asked at the first login, and its configuration anew after an hour. */
export function oidcLogin(options: OidcOptions): OidcLogin {
  const { issuer, publicUrl, scope } = options;
  const configuration = discovered(options);
  return {
    issuer,
    async begin(attempt) {
      const { state, nonce, verifier } = attemptOf(attempt);
      const parameters = {
        redirect_uri: publicUrl + CALLBACK,
        scope,
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      };
      return buildAuthorizationUrl(await configuration(), parameters).href;
    },
    async finish(query, attempt) {
      const { state, nonce, verifier } = attemptOf(attempt);
      // The URL is that of the configuration, whatever the request says its host is.
      const url = new URL(`${publicUrl}${CALLBACK}?${query}`);
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
      const tokens = await authorizationCodeGrant(await configuration(), url, checks);
      return personOf(tokens.claims() ?? {}, options);
    },
    async endUrl() {
      const found = await configuration();
      if (found.serverMetadata().end_session_endpoint === undefined) return undefined;
      return buildEndSessionUrl(found, { post_logout_redirect_uri: `${publicUrl}/admin/login` }).href;
    },
  };
}

function discovered({ issuer, clientId, auth, clock }: OidcOptions): () => Promise<Configuration> {
  const isPlain = issuer.startsWith('http:');
  const ask = (): Promise<Configuration> =>
    discovery(new URL(issuer), clientId, { [clockTolerance]: TOLERANCE }, auth, {
      // A provider over plain HTTP is one of this machine: see config/admin-oidc.ts.
      execute: [enableNonRepudiationChecks, ...(isPlain ? [allowInsecureRequests] : [])],
    });
  let last: { at: number; found: Promise<Configuration> } | undefined;
  return async () => {
    const now = clock().getTime();
    if (!last || !isWithin(HOUR, last.at, now)) last = { at: now, found: ask() };
    try {
      return await last.found;
    } catch (error) {
      last = undefined;
      throw error;
    }
  };
}

function personOf(claims: Claims, { issuer, tenant, claim, roles }: OidcOptions): OidcPerson {
  if (tenant !== undefined && claims['tid'] !== tenant)
    throw new OidcError({
      what: `the account belongs to another tenant than \`admin.oidc.tenant\` of ${issuer}`,
      remedy: 'Log in with an account of the tenant.',
    });
  const name = personIn(claims);
  const held = rolesIn(claims, claim).filter((role) => roles.has(role));
  if (held.length > 0) return { name, roles: held };
  throw new OidcError({
    what: `${name} has none of the roles ${[...roles].join(', ')} in the claim \`${claim}\``,
    remedy: 'Assign one to the person or a group at the provider (Entra: Enterprise applications, Users and groups).',
  });
}
