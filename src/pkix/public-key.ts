/** Imports a SubjectPublicKeyInfo (RFC 5280 4.1.2.7) into node:crypto after checking its type and size. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import type { KeyKind } from '../core/keys.ts';
import { OID } from './oids.ts';

/** A public key that passed the checks. `spki` is its SubjectPublicKeyInfo, DER, as received. */
export type PublicKey = { kind: KeyKind; key: KeyObject; spki: Uint8Array };

/** Attackers send larger moduli and exponents, because verifying with them takes seconds. */
export const MOST_RSA_BITS = 8192;
/** Shorter keys can be factored with rented computers. */
export const LEAST_RSA_BITS = 1024;
const MOST_EXPONENT_OCTETS = 4;

const CURVES: ReadonlyMap<string, number> = new Map([
  [OID.p256, 256],
  [OID.p384, 384],
  [OID.p521, 521],
]);

/**
 * The kind of a key, without importing it. Throws DerError when it is malformed, or its type, curve or size is refused.
 */
export const readKeyKind = (spki: Uint8Array): KeyKind => readSpki(spki).kind;

/** `key` is the content of the subjectPublicKey: for RSA an RSAPublicKey (RFC 8017 A.1.1), DER. */
function readSpki(spki: Uint8Array): { kind: KeyKind; key: Uint8Array } {
  const info = DerReader.over(spki).sequence();
  const algorithm = info.sequence();
  const id = algorithm.oid();
  const key = info.bitString();
  info.end();
  if (id === OID.rsaEncryption) return { kind: rsaKind(key, algorithm), key };
  if (id === OID.ed25519) return { kind: { type: 'ed25519', bits: 256 }, key };
  if (id === OID.ecPublicKey) return { kind: ecKind(algorithm.oid(), key), key };
  throw new DerError(`public key of unknown type ${id}`);
}

/** RFC 5480 2.2: the point is uncompressed (first octet 4) or compressed (2 or 3). */
function ecKind(curve: string, point: Uint8Array): KeyKind {
  const bits = CURVES.get(curve);
  if (bits === undefined) throw new DerError(`public key on unknown curve ${curve}`);
  const field = Math.ceil(bits / 8);
  // OpenSSL also accepts the point at infinity, a single octet, for which signatures can be made without a private key.
  if (point.length !== 1 + (point[0] === 4 ? 2 * field : field)) throw new DerError('EC point of wrong length');
  return { type: 'ec', bits };
}

/** RFC 3279 2.3.1 demands NULL parameters. Some writers leave them out. Others are ignored, as OpenSSL does. */
function rsaKind(key: Uint8Array, parameters: DerReader): KeyKind {
  if (!parameters.done) parameters.element();
  parameters.end();
  const rsa = DerReader.over(key).sequence();
  const modulus = unsigned(rsa.integer());
  const exponent = unsigned(rsa.integer());
  rsa.end();
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits < LEAST_RSA_BITS || bits > MOST_RSA_BITS) throw new DerError(`RSA modulus of ${bits} bits`);
  const odd = ((exponent.at(-1) ?? 0) & 1) === 1;
  const one = exponent.length === 1 && exponent[0] === 1;
  if (exponent.length > MOST_EXPONENT_OCTETS || !odd || one) throw new DerError('RSA exponent refused');
  return { type: 'rsa', bits };
}

function unsigned(integer: Uint8Array): Uint8Array {
  if ((integer[0] ?? 0) >= 0x80) throw new DerError('negative number in a public key');
  return integer[0] === 0 ? integer.subarray(1) : integer;
}

/** Imports the key. Throws DerError as `readKeyKind` does, and when OpenSSL refuses the key. */
export function readPublicKey(spki: Uint8Array): PublicKey {
  const { kind, key } = readSpki(spki);
  try {
    return { kind, key: kind.type === 'rsa' ? importPem('RSA PUBLIC KEY', key) : importPem('PUBLIC KEY', spki), spki };
  } catch (cause) {
    throw new DerError('OpenSSL refuses the public key', { cause });
  }
}

// Node 24 imports a PEM string three times as fast as DER: with a buffer it first tries the brand checks of KeyObject
// and CryptoKey, each of which throws. OpenSSL imports an RSAPublicKey faster than a SubjectPublicKeyInfo of the same key.
const importPem = (label: string, der: Uint8Array): KeyObject =>
  createPublicKey(`-----BEGIN ${label}-----\n${base64(der)}\n-----END ${label}-----`);

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
