/** Verifies a token of an external issuer against the federated identity credentials of the app. */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { EntraFailure } from '../error-bodies.ts';
import type { Jwks } from './app-state.ts';
import type { GrantRequest } from './grant-checks.ts';
import { hasSignature, isTimely, type ReadJwt } from './jwt.ts';
import { refusal } from './refusals.ts';

/** Why Entra does not accept the token; undefined when it does. Issuer, subject and audience are compared letter by letter. */
export function federatedFailure(jwt: ReadJwt, { call, state }: GrantRequest): EntraFailure | undefined {
  const { iss, sub, aud } = jwt.claims;
  const { federated, issuers } = state.app;
  if (federated.length === 0) return refusal('noFederation');
  const ofIssuer = federated.filter(({ issuer }) => issuer === iss);
  if (ofIssuer.length === 0) return refusal('otherIssuer');
  const ofSubject = ofIssuer.filter(({ subject }) => subject === sub);
  if (ofSubject.length === 0) return refusal('otherSubject');
  const named = [aud].flat().map(String);
  if (!ofSubject.some(({ audiences }) => audiences.some((each) => named.includes(each))))
    return refusal('otherAudience');
  const jwks = issuers[String(iss)]?.jwks;
  if (!jwks) return refusal('unknownIssuerKeys');
  if (!isSigned(jwt, jwks)) return refusal('wrongExternalSignature');
  return isTimely(jwt, call.at) ? undefined : refusal('untimely');
}

/** External tokens must be signed with RS256, by the key that `kid` names. */
function isSigned(jwt: ReadJwt, { keys }: Jwks): boolean {
  const { kid, alg } = jwt.header;
  const jwk = (keys as readonly (JsonWebKey & { kid?: unknown })[]).find((each) => each.kid === kid);
  const key = alg === 'RS256' && jwk ? publicKeyOf(jwk) : undefined;
  return key !== undefined && hasSignature(jwt, key);
}

function publicKeyOf(jwk: JsonWebKey): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    // A key that is none verifies nothing.
    return undefined;
  }
}
