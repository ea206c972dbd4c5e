/** Signed tokens: JWS in compact form (RFC 7515 7.1) over keys of RFC 7518. */
import { createHash, createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { ConfigError } from '../../core/errors.ts';
import { parseObject } from '../../outbound/untrusted-json.ts';

/** `thumbprint`: RFC 7638, SHA-256, base64url. `spki`: of the public key, DER. */
export type JwsKey = { algorithm: string; thumbprint: string; spki: Buffer; sign: (data: string) => Buffer };

const CURVES: Readonly<Record<string, readonly [algorithm: string, digest: string]>> = {
  'P-256': ['ES256', 'sha256'],
  'P-384': ['ES384', 'sha384'],
  'P-521': ['ES512', 'sha512'],
};
const USABLE = 'Give the private key as PEM or as a JWK, not encrypted: EC P-256, P-384 or P-521, RSA, or Ed25519.';

/** Reads PEM or a private JWK. Throws ConfigError, which does not repeat it, for what is no key that signs. */
export function jwsKey(text: string): JwsKey {
  const key = readKey(text);
  const jwk = createPublicKey(key).export({ format: 'jwk' });
  const [algorithm, digest] = algorithmOf(jwk);
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    algorithm,
    thumbprint: thumbprintOf(jwk),
    spki,
    sign: (data) => sign(digest, Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' }),
  };
}

function readKey(text: string): KeyObject {
  const jwk = parseObject(text);
  try {
    return createPrivateKey(jwk ? { key: jwk as JsonWebKey, format: 'jwk' } : text);
  } catch {
    // The cause may repeat the key.
    throw new ConfigError('step-ca: the key of the provisioner cannot be read', USABLE);
  }
}

/** RFC 7518 3.1, RFC 8037 3.1. Ed25519 hashes by itself. */
function algorithmOf({ kty, crv = '' }: JsonWebKey): readonly [algorithm: string, digest: string | null] {
  const curve = kty === 'EC' && Object.hasOwn(CURVES, crv) ? CURVES[crv] : undefined;
  if (curve) return curve;
  if (kty === 'RSA') return ['RS256', 'sha256'];
  if (kty === 'OKP' && crv === 'Ed25519') return ['EdDSA', null];
  throw new ConfigError('step-ca: the key of the provisioner is of a kind that signs no tokens', USABLE);
}

/** The members that RFC 7638 3.2 and RFC 8037 2 hash, in the order of their names. */
const REQUIRED: Readonly<Record<string, readonly (keyof JsonWebKey)[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  RSA: ['e', 'kty', 'n'],
  OKP: ['crv', 'kty', 'x'],
};

function thumbprintOf(jwk: JsonWebKey): string {
  const members = (REQUIRED[jwk.kty ?? ''] ?? []).map((name) => [name, jwk[name]]);
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(members)))
    .digest('base64url');
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The token. `alg` is that of the key. */
export function compactJws(key: JwsKey, header: object, claims: object): string {
  const signed = `${part({ alg: key.algorithm, ...header })}.${part(claims)}`;
  return `${signed}.${key.sign(signed).toString('base64url')}`;
}
