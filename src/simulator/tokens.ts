/** Access tokens: JWTs signed with RS256 (RFC 7519, 7515), issued as by Entra and checked as by its services. */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { RandomBytes } from '../core/environment.ts';

/** The claims of an application's access token. Times in seconds since 1970. */
export type TokenClaims = {
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
  /** The id of the token. */
  uti?: string;
};

/** The application permissions, as written in `roles`. */
export const ROLES = { readApplications: 'Application.Read.All', scep: 'scep_challenge_provider' } as const;

/** The claims of the token in an Authorization header, or what is wrong with it. */
export type TokenCheck = { claims: TokenClaims } | { problem: string };

/** Issues and checks tokens. */
export type TokenAuthority = {
  /** The signed token, in compact form. `uti`, its own id, is added to the claims. */
  issue(claims: TokenClaims): string;
  /** Checks scheme, signature, times and that the audience is one of these. The caller checks the roles. */
  check(authorization: string | undefined, audiences: readonly string[], now: Date): TokenCheck;
  /** Revokes all tokens that were issued since the start. */
  revoke(): void;
  /** The document behind `jwks_uri` (RFC 7517 5). */
  jwks: { keys: readonly object[] };
};

/** Tolerance for clocks that differ, seconds. */
const SKEW = 300;

/** The authority with this RSA private key. */
export function tokenAuthority(key: KeyObject, random: RandomBytes): TokenAuthority {
  const newSeries = (): string => Buffer.from(random(12)).toString('base64url');
  const revoked = new Set<string>();
  let series = newSeries();
  let count = 0;
  const publicKey = createPublicKey(key);
  const kid = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  const header = encode({ typ: 'JWT', alg: 'RS256', kid });
  return {
    issue: (claims) => {
      const signed = `${header}.${encode({ ...claims, uti: `${series}.${++count}` })}`;
      return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
    },
    check: (authorization, audiences, now) => {
      const [scheme, token] = (authorization ?? '').split(' ', 2);
      if (scheme?.toLowerCase() !== 'bearer' || !token) return { problem: 'Access token is empty.' };
      const claims = verified(token, header, publicKey);
      if (claims && revoked.has(String(claims.uti).split('.')[0] ?? '')) return { problem: 'The token was revoked.' };
      return claims
        ? checkClaims(claims, audiences, now.getTime() / 1000)
        : { problem: 'The signature of the token is wrong.' };
    },
    revoke: () => {
      revoked.add(series);
      series = newSeries();
    },
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] },
  };
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** The claims of a token with our signature, else undefined. The header must be exactly ours: no other `alg` passes. */
function verified(token: string, header: string, publicKey: KeyObject): TokenClaims | undefined {
  const [first, payload, signature, ...more] = token.split('.');
  if (first !== header || !payload || !signature || more.length > 0) return undefined;
  const valid = verify('sha256', Buffer.from(`${first}.${payload}`), publicKey, Buffer.from(signature, 'base64url'));
  return valid ? (JSON.parse(Buffer.from(payload, 'base64url').toString()) as TokenClaims) : undefined;
}

function checkClaims(claims: TokenClaims, audiences: readonly string[], now: number): TokenCheck {
  if (claims.exp <= now) return { problem: 'Lifetime validation failed, the token is expired.' };
  if (claims.nbf > now + SKEW) return { problem: 'The token is not valid yet.' };
  return audiences.includes(claims.aud)
    ? { claims }
    : { problem: 'Invalid audience: the token is for another service.' };
}
