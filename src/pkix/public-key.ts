/** SubjectPublicKeyInfo (RFC 5280 4.1.2.7) to a key of node:crypto, after its size has been checked. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import type { KeyKind } from '../core/keys.ts';
import { OID } from './oids.ts';

export type PublicKey = { kind: KeyKind; key: KeyObject; spki: Uint8Array };

/** Larger moduli and exponents exist only to make a verification take seconds. */
export const MOST_RSA_BITS = 8192;
/** Shorter ones are broken for anybody with a rented machine. */
export const LEAST_RSA_BITS = 1024;
const MOST_EXPONENT_OCTETS = 4;

const CURVES: ReadonlyMap<string, number> = new Map([
  [OID.p256, 256],
  [OID.p384, 384],
  [OID.p521, 521],
]);

/** What kind of key it is. Throws DerError when malformed, of an unknown type, or of a size that is refused. */
export const readKeyKind = (spki: Uint8Array): KeyKind => readSpki(spki).kind;

/** With the octets of the subjectPublicKey: for RSA an RSAPublicKey of RFC 8017. */
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

/** RFC 5480 2.2: a point, uncompressed (4) or compressed (2 or 3). */
function ecKind(curve: string, point: Uint8Array): KeyKind {
  const bits = CURVES.get(curve);
  if (bits === undefined) throw new DerError(`public key on unknown curve ${curve}`);
  const field = Math.ceil(bits / 8);
  // OpenSSL also takes the point at infinity, a single octet, and anyone can sign for that key.
  if (point.length !== 1 + (point[0] === 4 ? 2 * field : field)) throw new DerError('EC point of wrong length');
  return { type: 'ec', bits };
}

/** RFC 3279 2.3.1 wants NULL for parameters. Some writers leave them out; others' are without meaning, as to OpenSSL. */
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
  if (integer[0]! >= 0x80) throw new DerError('negative number in a public key');
  return integer[0] === 0 ? integer.subarray(1) : integer;
}

/** The key, ready for use. Throws DerError when malformed or refused. */
export function readPublicKey(spki: Uint8Array): PublicKey {
  const { kind, key } = readSpki(spki);
  try {
    return { kind, key: kind.type === 'rsa' ? importPem('RSA PUBLIC KEY', key) : importPem('PUBLIC KEY', spki), spki };
  } catch (cause) {
    throw new DerError('public key that OpenSSL refuses', { cause });
  }
}

// Node 24 takes a PEM string three times as fast as DER: with a buffer it first tries the brand checks of KeyObject
// and CryptoKey, each of which throws. OpenSSL takes an RSAPublicKey faster than the same key in a SubjectPublicKeyInfo.
const importPem = (label: string, der: Uint8Array): KeyObject =>
  createPublicKey(`-----BEGIN ${label}-----\n${base64(der)}\n-----END ${label}-----`);

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
