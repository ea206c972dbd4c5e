/** The checks that every call to a service of Intune passes first, and the reading of its JSON. */
import { intuneError } from './error-bodies.ts';
import { isGuid } from './guid.ts';
import { mediaType, type ServiceAnswer, type ServiceCall } from './service-call.ts';
import { ROLES, type TokenAuthority, type TokenClaims } from './tokens.ts';

/** Token, role and content type: the claims, or why the call is refused. */
export function intuneToken(call: ServiceCall, tokens: TokenAuthority): { claims: TokenClaims } | ServiceAnswer {
  const token = tokens.check(call.headers.authorization, [`${call.site.intune}/`], call.at);
  if ('problem' in token) return intuneError(call, { status: 401, code: 'Unauthorized', text: token.problem });
  if (!token.claims.roles?.includes(ROLES.scep))
    return intuneError(call, { status: 403, code: 'Forbidden', text: `The token has no role ${ROLES.scep}.` });
  if (mediaType(call) !== 'application/json')
    return intuneError(call, {
      status: 415,
      code: 'UnsupportedMediaType',
      text: 'The Content-Type must be application/json.',
    });
  return token;
}

/** What is wrong with api-version or client-request-id; undefined when both are right. */
export function headerProblem(
  { headers, clientRequestId }: ServiceCall,
  versions: readonly string[],
): string | undefined {
  const version = headers['api-version'];
  if (typeof version !== 'string' || !versions.includes(version))
    return `The header api-version must be one of ${versions.join(', ')}.`;
  return isGuid(clientRequestId) ? undefined : 'The header client-request-id must be a GUID.';
}

/** Both checks: why the call is refused, or undefined. */
export function intuneRefusal(
  call: ServiceCall,
  tokens: TokenAuthority,
  versions: readonly string[],
): ServiceAnswer | undefined {
  const token = intuneToken(call, tokens);
  if ('kind' in token) return token;
  const problem = headerProblem(call, versions);
  return problem === undefined ? undefined : intuneError(call, { status: 400, code: 'BadRequest', text: problem });
}

/** The value of a JSON text; undefined when it is not JSON. */
export function parsedJson(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    // Text that is not JSON has no members: the answer then names the first one as missing.
    return undefined;
  }
}

/** The member of an object, its name in any letter case, because libraries differ in it; undefined when there is none. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const found = Object.entries(value).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return found?.[1] as unknown;
}
