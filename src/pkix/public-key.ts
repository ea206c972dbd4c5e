/** Imports a SubjectPublicKeyInfo (RFC 5280 4.1.2.7) into node:crypto after checking its type and size. */
import { createPublicKey, ECDH, hash, type KeyObject } from 'node:crypto';
import { catchDerError, DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { TAG } from '../asn1/tags.ts';
import { bitString, nullValue, oid, sequence } from '../asn1/writer.ts';
import type { KeyKind } from '../core/keys.ts';
import { UnsupportedAlgorithm } from './algorithm-names.ts';
import { ML_DSA } from './ml-dsa.ts';
import { OID } from './oids.ts';
import { rsaWeakness } from './weak-rsa.ts';

/** A public key that passed the checks. `spki` is its SubjectPublicKeyInfo, DER, in the standard form of `readKey`. */
export type PublicKey = { kind: KeyKind; key: KeyObject; spki: Uint8Array };

/** Attackers send larger moduli and exponents, because verifying with them takes seconds. */
export const MOST_RSA_BITS = 8192;
/** Shorter keys can be factored with rented computers. */
export const LEAST_RSA_BITS = 1024;
const MOST_EXPONENT_OCTETS = 4;

/** Curves by OID: the size of the field in bits, and the name that node:crypto has for the curve. */
const CURVES: ReadonlyMap<string, readonly [bits: number, name: string]> = new Map([
  [OID.p256, [256, 'prime256v1']],
  [OID.p384, [384, 'secp384r1']],
  [OID.p521, [521, 'secp521r1']],
]);

/**
 * A key that was read and not imported. `spki` has the standard form, see `readKey`; `key` is the content of its
 * subjectPublicKey: for RSA an RSAPublicKey (RFC 8017 A.1.1), DER.
 */
export type ReadKey = Pick<PublicKey, 'kind' | 'spki'> & { key: Uint8Array };

/**
 * Reads a SubjectPublicKeyInfo, DER, without importing the key. `spki` is its standard form, which every reader of
 * certificates knows, so that one key has one encoding: RSA with NULL parameters (RFC 3279 2.3.1), EC with the point not
 * compressed (RFC 5480 2.2). Throws DerError when it is malformed or has other parameters, and UnsupportedAlgorithm when
 * its type, curve or size is refused.
 */
export function readKey(spki: Uint8Array): ReadKey {
  const outer = DerReader.over(spki);
  const info = outer.sequence();
  outer.end();
  const algorithm = info.sequence();
  const id = algorithm.oid();
  const key = info.bitString();
  info.end();
  const read = READERS.get(id);
  if (!read) throw new UnsupportedAlgorithm('the public key', id);
  const standard = read(key, algorithm, spki);
  algorithm.end();
  return standard;
}

/** The kind of a key. Throws DerError as `readKey` does. */
export const readKeyKind = (spki: Uint8Array): KeyKind => readKey(spki).kind;

/** The weakness of a key, as text; undefined when none is found. Throws DerError as `readKey` does. */
export function keyWeakness(spki: Uint8Array): string | undefined {
  const { kind, key } = readKey(spki);
  return kind.type === 'rsa' ? rsaWeakness(...rsaNumbers(key)) : undefined;
}

type KeyReader = (key: Uint8Array, parameters: DerReader, spki: Uint8Array) => ReadKey;

const READERS: ReadonlyMap<string, KeyReader> = new Map<string, KeyReader>([
  [OID.rsaEncryption, readRsa],
  [OID.ed25519, (key, _parameters, spki) => ({ kind: { type: 'ed25519', bits: 256 }, key, spki })],
  [OID.ecPublicKey, readEc],
  ...ML_DSA.map((row) => [row.oid, mlDsaReader(row)] as const),
]);

/** RFC 9881 4: the public key as it is. Every string of the right length is a key (FIPS 204 algorithm 23). */
function mlDsaReader({ type, keyOctets }: (typeof ML_DSA)[number]): KeyReader {
  return (key, _parameters, spki) => {
    if (key.length !== keyOctets) throw new DerError(`a key of ${type} with ${key.length} octets, not ${keyOctets}`);
    return { kind: { type, bits: keyOctets * 8 }, key, spki };
  };
}

/** RFC 5480 2.2: the point is uncompressed (first octet 4) or compressed (2 or 3). */
function readEc(point: Uint8Array, parameters: DerReader, spki: Uint8Array): ReadKey {
  const curve = parameters.oid();
  const [bits, name] = CURVES.get(curve) ?? [];
  if (bits === undefined || name === undefined) throw new UnsupportedAlgorithm('the public key', curve);
  const field = Math.ceil(bits / 8);
  // OpenSSL also accepts the point at infinity, a single octet, for which signatures can be made without a private key.
  if (point.length !== 1 + (point[0] === 4 ? 2 * field : field)) throw new DerError('EC point of wrong length');
  const kind = { type: 'ec', bits } as const;
  if (point[0] === 4) return { kind, key: point, spki };
  const key = uncompressed(point, name);
  return { kind, key, spki: sequence(sequence(oid(OID.ecPublicKey), oid(curve)), bitString(key)) };
}

function uncompressed(point: Uint8Array, curve: string): Uint8Array {
  try {
    return ECDH.convertKey(point, curve, undefined, undefined, 'uncompressed') as Buffer;
  } catch (cause) {
    throw new DerError('OpenSSL refuses the public key', { cause });
  }
}

const RSA_ALGORITHM = sequence(oid(OID.rsaEncryption), nullValue);

/** Some writers leave the parameters out. */
function readRsa(key: Uint8Array, parameters: DerReader, spki: Uint8Array): ReadKey {
  const kind = rsaKind(key);
  if (parameters.done) return { kind, key, spki: sequence(RSA_ALGORITHM, bitString(key)) };
  if (parameters.read(TAG.null).length > 0) throw new DerError('NULL with content');
  return { kind, key, spki };
}

/** Modulus and exponent, magnitudes. */
function rsaNumbers(key: Uint8Array): [modulus: Uint8Array, exponent: Uint8Array] {
  const outer = DerReader.over(key);
  const rsa = outer.sequence();
  outer.end();
  const numbers = [unsigned(rsa.integer()), unsigned(rsa.integer())] as [Uint8Array, Uint8Array];
  rsa.end();
  return numbers;
}

function rsaKind(key: Uint8Array): KeyKind {
  const [modulus, exponent] = rsaNumbers(key);
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits < LEAST_RSA_BITS || bits > MOST_RSA_BITS)
    throw new UnsupportedAlgorithm('the public key', `RSA with ${bits} bits`);
  const odd = ((exponent.at(-1) ?? 0) & 1) === 1;
  const one = exponent.length === 1 && exponent[0] === 1;
  if (exponent.length > MOST_EXPONENT_OCTETS || !odd || one) throw new DerError('RSA exponent refused');
  return { type: 'rsa', bits };
}

function unsigned(integer: Uint8Array): Uint8Array {
  if ((integer[0] ?? 0) >= 0x80) throw new DerError('negative number in a public key');
  return integer[0] === 0 ? integer.subarray(1) : integer;
}

/** Reads and imports a key. Throws DerError as `readKey` does, and when OpenSSL refuses the key. */
export const readPublicKey = (der: Uint8Array): PublicKey => importKey(readKey(der));

/**
 * SHA-256 of a SubjectPublicKeyInfo, DER, in the standard form of `readKey`, lower-case hexadecimal: `publicKeyHash` of the
 * store. Certificates of other programs can have a key in another form. Of a key that `readKey` refuses it is the hash as it is.
 */
export const publicKeyHash = (spki: Uint8Array): string =>
  hash(
    'sha256',
    catchDerError(
      () => readKey(spki).spki,
      () => spki,
    ),
    'hex',
  );

/** Imports a key. Throws DerError when OpenSSL refuses it. */
export function importKey({ kind, key, spki }: ReadKey): PublicKey {
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
