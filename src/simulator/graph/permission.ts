/** The check that every call to Graph passes first: token, audience and permission. */
import { graphError, intuneError } from '../error-bodies.ts';
import type { ServiceAnswer, ServiceCall } from '../service-call.ts';
import type { TokenAuthority } from '../tokens.ts';

/**
 * The resources of which the token may be one, and the permissions of which it must have one. `nested`: the refusal is JSON
 * in a string, as below /deviceManagement.
 */
export type GraphPermission = { audiences: readonly string[]; roles: readonly string[]; nested?: true };

/** Why Graph refuses the call; undefined when its token has the permission. */
export function graphRefusal(
  call: ServiceCall,
  tokens: TokenAuthority,
  { audiences, roles, nested }: GraphPermission,
): ServiceAnswer | undefined {
  const token = tokens.check(call.headers.authorization, audiences, call.at);
  if ('problem' in token)
    return graphError(call, { status: 401, code: 'InvalidAuthenticationToken', text: token.problem });
  if (token.claims.roles?.some((role) => roles.includes(role))) return undefined;
  if (nested)
    return intuneError(call, { status: 403, code: 'Forbidden', text: `${NOT_AUTHORIZED} ${roles.join(', ')}` });
  const text = 'Insufficient privileges to complete the operation.';
  return graphError(call, { status: 403, code: 'Authorization_RequestDenied', text });
}

const NOT_AUTHORIZED =
  'Application is not authorized to perform this operation. Application must have one of the following scopes:';
