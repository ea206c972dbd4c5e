/** Reads JSON Web Tokens (RFC 7519) that clients send, and verifies their signatures (RFC 7515). */
import { constants, type KeyObject, verify } from 'node:crypto';

/** Header and claims of a token, not verified. `signed` is what the signature is over. */
export type ReadJwt = {
  header: Readonly<Record<string, unknown>>;
  claims: Readonly<Record<string, unknown>>;
  signed: string;
  signature: Buffer;
};

/** The parts of a token in compact form; undefined when it is none. */
export function readJwt(token: string): ReadJwt | undefined {
  const [first = '', second = '', third = '', ...more] = token.split('.');
  const [header, claims] = [jsonObject(first), jsonObject(second)];
  if (!header || !claims || third === '' || more.length > 0) return undefined;
  return { header, claims, signed: `${first}.${second}`, signature: Buffer.from(third, 'base64url') };
}

function jsonObject(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The algorithms of RSA keys that Entra takes, by their name in the header. */
const ALGORITHMS: Readonly<Record<string, object>> = {
  RS256: { padding: constants.RSA_PKCS1_PADDING },
  PS256: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
};

/** Whether the header names RS256 or PS256. */
export const isSupported = ({ header }: ReadJwt): boolean => Object.hasOwn(ALGORITHMS, String(header['alg']));

/** Whether the signature is that of this RSA key, by the algorithm that the header names. */
export function hasSignature({ header, signed, signature }: ReadJwt, key: KeyObject): boolean {
  const options = ALGORITHMS[String(header['alg'])];
  return (
    options !== undefined &&
    key.asymmetricKeyType === 'rsa' &&
    verify('sha256', Buffer.from(signed), { key, ...options }, signature)
  );
}

/** Tolerance for clocks that differ, seconds. */
const SKEW = 300;

/** Whether `now` is between nbf, if there is one, and exp. */
export function isTimely({ claims: { nbf, exp } }: ReadJwt, now: Date): boolean {
  const seconds = now.getTime() / 1000;
  if (typeof exp !== 'number' || exp + SKEW <= seconds) return false;
  return nbf === undefined || (typeof nbf === 'number' && nbf - SKEW <= seconds);
}
