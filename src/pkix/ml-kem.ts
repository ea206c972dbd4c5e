/** ML-KEM (FIPS 203) in X.509 (RFC 9935): its parameter sets, one row each. Such keys only receive; no device gets a certificate for one. */
import { createPublicKey } from 'node:crypto';
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import type { KeyKind, MlKem } from '../core/keys.ts';
import { UnsupportedAlgorithm } from './algorithm-names.ts';
import type { PublicKey } from './public-key.ts';

type MlKemRow = {
  /** The OID of the key; its parameters are absent. RFC 9935 3. */
  oid: string;
  /** Length of an encapsulation key. FIPS 203 table 3. */
  keyOctets: number;
  /** Length of a ciphertext. */
  ciphertextOctets: number;
};

const ROWS: Readonly<Record<MlKem, MlKemRow>> = {
  'ml-kem-512': { oid: '2.16.840.1.101.3.4.4.1', keyOctets: 800, ciphertextOctets: 768 },
  'ml-kem-768': { oid: '2.16.840.1.101.3.4.4.2', keyOctets: 1184, ciphertextOctets: 1088 },
  'ml-kem-1024': { oid: '2.16.840.1.101.3.4.4.3', keyOctets: 1568, ciphertextOctets: 1568 },
};
const TYPES = Object.keys(ROWS) as MlKem[];

/** Whether the type of a key is ML-KEM. */
export const isMlKem = (type: KeyKind['type']): type is MlKem => Object.hasOwn(ROWS, type);

/** The OID of a key of this type, which is that of its encapsulation too (RFC 9936 2). */
export const mlKemOid = (type: MlKem): string => ROWS[type].oid;

/** The parameter set with this OID, or undefined. */
export const mlKemByOid = (id: string): MlKem | undefined => TYPES.find((type) => ROWS[type].oid === id);

/** The length of a ciphertext in octets. */
export const mlKemCiphertextOctets = (type: MlKem): number => ROWS[type].ciphertextOctets;

/**
 * Reads and imports an ML-KEM SubjectPublicKeyInfo, DER: exact length, parameters absent. Throws DerError, and
 * UnsupportedAlgorithm for another algorithm.
 */
export function readMlKemKey(spki: Uint8Array): PublicKey {
  const outer = DerReader.over(spki);
  const info = outer.sequence();
  outer.end();
  const algorithm = info.sequence();
  const id = algorithm.oid();
  const type = mlKemByOid(id);
  if (!type) throw new UnsupportedAlgorithm('the public key', id);
  algorithm.end();
  const { length } = info.bitString();
  info.end();
  if (length !== ROWS[type].keyOctets) throw new DerError(`a key of ${type} with ${length} octets`);
  return { kind: { type, bits: length * 8 }, key: imported(spki), spki };
}

function imported(spki: Uint8Array): PublicKey['key'] {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new DerError('OpenSSL refuses the public key', { cause });
  }
}

/** Whether a SubjectPublicKeyInfo, DER, names ML-KEM. Throws DerError. */
export const hasMlKemKey = (spki: Uint8Array): boolean =>
  mlKemByOid(DerReader.over(spki).sequence().sequence().oid()) !== undefined;
