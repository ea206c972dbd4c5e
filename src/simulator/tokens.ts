/** Access tokens: JWTs signed with RS256 (RFC 7519, RFC 7515), issued as Entra does and checked as its services do. */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** The claims of an application's access token. Times in seconds since 1970. */
export type Claims = {
  aud: string;
  iss: string;
  iat: number;
  nbf: number;
  exp: number;
  /** The client. */
  appid: string;
  /** The tenant. */
  tid: string;
  /** Application permissions; absent when none is granted. */
  roles?: readonly string[];
};

/** Permissions as they stand in `roles`. */
export const ROLES = { readApplications: 'Application.Read.All', scep: 'scep_challenge_provider' } as const;

/** What an Authorization header is worth: its claims, or what is wrong with it. */
export type TokenCheck = { claims: Claims } | { problem: string };

export type TokenAuthority = {
  issue(claims: Claims): string;
  /** Checks scheme, signature, times and audience; roles are the caller's matter. */
  check(authorization: string | undefined, audience: string, now: Date): TokenCheck;
  /** The document behind `jwks_uri` (RFC 7517 5). */
  jwks: { keys: readonly object[] };
};

/** Services allow for clocks that differ by as much, in seconds. */
const SKEW = 300;

/** Issues and checks tokens with this RSA key. */
export function tokenAuthority(key: KeyObject): TokenAuthority {
  const publicKey = createPublicKey(key);
  const kid = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  const header = encode({ typ: 'JWT', alg: 'RS256', kid });
  return {
    issue: (claims) => {
      const signed = `${header}.${encode(claims)}`;
      return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
    },
    check: (authorization, audience, now) => {
      const [scheme, token] = (authorization ?? '').split(' ', 2);
      if (scheme?.toLowerCase() !== 'bearer' || !token) return { problem: 'Access token is empty.' };
      const claims = verified(token, header, publicKey);
      return claims
        ? worth(claims, audience, now.getTime() / 1000)
        : { problem: 'The signature of the token is wrong.' };
    },
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] },
  };
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** The claims when this authority wrote them. The header must be ours to the letter, so no other `alg` is a question. */
function verified(token: string, header: string, publicKey: KeyObject): Claims | undefined {
  const [first, payload, signature, ...more] = token.split('.');
  if (first !== header || !payload || !signature || more.length > 0) return undefined;
  const right = verify('sha256', Buffer.from(`${first}.${payload}`), publicKey, Buffer.from(signature, 'base64url'));
  return right ? (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims) : undefined;
}

function worth(claims: Claims, audience: string, now: number): TokenCheck {
  if (claims.exp <= now) return { problem: 'Lifetime validation failed, the token is expired.' };
  if (claims.nbf > now + SKEW) return { problem: 'The token is not valid yet.' };
  return claims.aud === audience ? { claims } : { problem: 'Invalid audience: the token is for another service.' };
}
