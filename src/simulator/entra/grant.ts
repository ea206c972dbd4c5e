/** What a token request asks for: a scope in the second version of the endpoint, a resource in the first. */
import type { EntraFailure } from '../error-bodies.ts';
import type { ServiceSite } from '../site.ts';
import type { AppRoles } from './app-state.ts';

/** The audience of the token, and whose roles it has. */
export type Grant = { audience: string; api: keyof AppRoles };

/** The parts of an answer with a token. Times in seconds since 1970. */
export type IssuedToken = { access_token: string; resource: string; nbf: number; exp: number; seconds: number };

/** One version of the endpoint: the field that names the resource, how it is read, and the form of the answer. */
export type EntraVersionRow = {
  field: 'scope' | 'resource';
  grantOf: (value: string, site: ServiceSite) => Grant | EntraFailure;
  answer: (token: IssuedToken) => object;
};

/** Both versions. In the answer of the first one numbers are text. */
export const VERSIONS: Readonly<Record<'v1' | 'v2', EntraVersionRow>> = {
  v2: {
    field: 'scope',
    grantOf: grantOfScope,
    answer: ({ access_token, seconds }) => ({
      token_type: 'Bearer',
      expires_in: seconds,
      ext_expires_in: seconds,
      access_token,
    }),
  },
  v1: {
    field: 'resource',
    grantOf: (resource, site) => grantOfResource(resource, site) ?? unknownResource(resource),
    answer: ({ access_token, resource, nbf, exp, seconds }) => ({
      token_type: 'Bearer',
      expires_in: String(seconds),
      ext_expires_in: String(seconds),
      expires_on: String(exp),
      not_before: String(nbf),
      resource,
      access_token,
    }),
  },
};

/** Scopes of OpenID Connect, which MSAL for Java always adds. They mean nothing to an application without a user. */
const IGNORED = new Set(['openid', 'profile', 'offline_access']);

/** Beside the ignored ones there must be exactly one scope, `<resource>/.default`. */
function grantOfScope(scope: string, site: ServiceSite): Grant | EntraFailure {
  const scopes = scope.split(' ').filter((each) => each !== '' && !IGNORED.has(each));
  const resource = scopes.length === 1 ? /^(.*)\/\.default$/.exec(scopes[0] ?? '')?.[1] : undefined;
  return (
    (resource === undefined ? undefined : grantOfResource(resource, site)) ?? {
      status: 400,
      error: 'invalid_scope',
      number: 70011,
      text: `The scope '${scope.slice(0, 200)}' is not valid: it must be the resource of Graph or Intune with /.default.`,
    }
  );
}

/** The service of a resource, or undefined. The resource id of Intune ends with a slash, so its scope is `…//.default`; one slash is accepted too. */
export function grantOfResource(text: string, site: ServiceSite): Grant | undefined {
  const resource = text.replace(/\/+$/, '');
  if (resource === site.graph) return { audience: site.graph, api: 'graph' };
  if (resource === site.aadGraph) return { audience: site.aadGraph, api: 'graph' };
  return resource === site.intune ? { audience: `${site.intune}/`, api: 'intune' } : undefined;
}

/** AADSTS500011. */
export const unknownResource = (resource: string): EntraFailure => ({
  status: 400,
  error: 'invalid_resource',
  number: 500011,
  text: `The resource principal named ${resource.slice(0, 200)} was not found in the tenant.`,
});
