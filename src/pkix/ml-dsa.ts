/** ML-DSA (FIPS 204) in X.509 and CMS: its parameter sets, one row each. RFC 9881, RFC 9882. */
import type { Digest, KeyKind, MlDsa } from '../core/keys.ts';

type MlDsaRow = {
  /** The same OID for keys and signatures; its parameters are absent. RFC 9881 2. */
  oid: string;
  /** Length of a public key. FIPS 204 table 2. */
  keyOctets: number;
  /** Length of a signature. */
  signatureOctets: number;
  /** Digests of CMS content that are as strong as the signature. RFC 9882 3.3. */
  digests: readonly Digest[];
};

const ROWS: Readonly<Record<MlDsa, MlDsaRow>> = {
  'ml-dsa-44': {
    oid: '2.16.840.1.101.3.4.3.17',
    keyOctets: 1312,
    signatureOctets: 2420,
    digests: ['sha256', 'sha384', 'sha512'],
  },
  'ml-dsa-65': {
    oid: '2.16.840.1.101.3.4.3.18',
    keyOctets: 1952,
    signatureOctets: 3309,
    digests: ['sha384', 'sha512'],
  },
  'ml-dsa-87': { oid: '2.16.840.1.101.3.4.3.19', keyOctets: 2592, signatureOctets: 4627, digests: ['sha512'] },
};

/** The parameter sets, weakest first. */
export const ML_DSA: readonly (MlDsaRow & { type: MlDsa })[] = (Object.keys(ROWS) as MlDsa[]).map((type) => ({
  type,
  ...ROWS[type],
}));

/** Whether the type of a key is ML-DSA, which signs without a digest. */
export const isMlDsa = (type: KeyKind['type']): type is MlDsa => Object.hasOwn(ROWS, type);

/** Whether CMS content that was hashed with `digest` may be signed with a key of this type; true for every other kind of key. */
export const isStrongEnough = (digest: Digest, type: KeyKind['type']): boolean =>
  !isMlDsa(type) || ROWS[type].digests.includes(digest);
