/**
 * The algorithms of CMS messages, one row each. GetCACaps, reading and writing all use these rows. A row with `legacy`
 * is off until an endpoint allows it.
 */
import type { DerReader } from '../asn1/reader.ts';
import { explicit, TAG } from '../asn1/tags.ts';
import { encode, nullValue, oid, sequence } from '../asn1/writer.ts';
import type { Digest, KeyTransport } from '../core/keys.ts';
import { OID } from '../pkix/oids.ts';

/**
 * What an endpoint may allow for some devices: weak algorithms, and the key wrap that BouncyCastle for .NET expects. MD5
 * and RC2 have no row, so they are never accepted.
 */
export const LEGACY = ['sha1', 'des3', 'des', 'rsa1024', 'null-wrap'] as const;
/** One of them by its name in the configuration. */
export type Legacy = (typeof LEGACY)[number];

type DigestRow = {
  digest: Digest;
  /** Length of the hash. */
  octets: number;
  oid: string;
  /** The keyword of GetCACaps, RFC 8894 3.5.2. */
  capability?: string;
  legacy?: Legacy;
};

const DIGEST_ROWS: Readonly<Record<Digest, DigestRow>> = {
  sha1: { digest: 'sha1', octets: 20, oid: '1.3.14.3.2.26', capability: 'SHA-1', legacy: 'sha1' },
  sha224: { digest: 'sha224', octets: 28, oid: '2.16.840.1.101.3.4.2.4' },
  sha256: { digest: 'sha256', octets: 32, oid: '2.16.840.1.101.3.4.2.1', capability: 'SHA-256' },
  sha384: { digest: 'sha384', octets: 48, oid: '2.16.840.1.101.3.4.2.2', capability: 'SHA-384' },
  sha512: { digest: 'sha512', octets: 64, oid: '2.16.840.1.101.3.4.2.3', capability: 'SHA-512' },
};

/** Digests, strongest last as GetCACaps lists them. SHA-384 is listed because strongSwan 5.9.8 needs it to use AES. */
export const DIGESTS: readonly DigestRow[] = Object.values(DIGEST_ROWS);
const DIGEST_BY_OID = new Map(DIGESTS.map((row) => [row.oid, row]));
const DIGEST_IDENTIFIERS = new Map(DIGESTS.map((row) => [row.digest, sequence(oid(row.oid), nullValue)]));

/** The row of a digestAlgorithm OID, or undefined when it is not supported. */
export const digestByOid = (id: string): DigestRow | undefined => DIGEST_BY_OID.get(id);

/** Whether GetCACaps can list the digest. SHA-224 has no keyword, and is read only inside RSAES-OAEP. */
export const isListed = (digest: Digest): boolean => DIGEST_ROWS[digest].capability !== undefined;

/** The length of a hash in octets. */
export const digestOctets = (digest: Digest): number => DIGEST_ROWS[digest].octets;

/** AlgorithmIdentifier, DER, with NULL parameters, which every known reader accepts. */
export const digestIdentifier = (digest: Digest): Uint8Array => DIGEST_IDENTIFIERS.get(digest)!;

/** The same without parameters, as RFC 9882 3.3 demands beside an ML-DSA signature. */
export const bareDigestIdentifier = (digest: Digest): Uint8Array => sequence(oid(DIGEST_ROWS[digest].oid));

/**
 * signatureAlgorithm of SignerInfo, DER, as NDES and OpenSSL write it: rsaEncryption; digestAlgorithm names the digest.
 */
export const RSA_ENCRYPTION: Uint8Array = sequence(oid(OID.rsaEncryption), nullValue);

/**
 * A content cipher in CBC mode. `name` is its name in node:crypto. `keyWrap` is the OID of the key wrap with the same
 * key length (RFC 3565 2.3.2), which an EC recipient needs. `capability` is the keyword of GetCACaps.
 */
export type ContentCipher = {
  oid: string;
  name: string;
  keyBytes: number;
  blockBytes: number;
  keyWrap?: string;
  capability?: string;
  legacy?: Legacy;
};
/** Content ciphers, in the order in which GetCACaps lists them. */
export const CIPHERS: readonly [ContentCipher, ...ContentCipher[]] = [
  {
    name: 'aes-128-cbc',
    oid: '2.16.840.1.101.3.4.1.2',
    keyBytes: 16,
    blockBytes: 16,
    keyWrap: '2.16.840.1.101.3.4.1.5',
    capability: 'AES',
  },
  {
    name: 'aes-192-cbc',
    oid: '2.16.840.1.101.3.4.1.22',
    keyBytes: 24,
    blockBytes: 16,
    keyWrap: '2.16.840.1.101.3.4.1.25',
    capability: 'AES',
  },
  {
    name: 'aes-256-cbc',
    oid: '2.16.840.1.101.3.4.1.42',
    keyBytes: 32,
    blockBytes: 16,
    keyWrap: '2.16.840.1.101.3.4.1.45',
    capability: 'AES',
  },
  { name: 'des-ede3-cbc', oid: '1.2.840.113549.3.7', keyBytes: 24, blockBytes: 8, capability: 'DES3', legacy: 'des3' },
  // RFC 8894 2.9 forbids DES, and no capability names it. Only clients that ignore GetCACaps use it.
  { name: 'des-cbc', oid: '1.3.14.3.2.7', keyBytes: 8, blockBytes: 8, legacy: 'des' },
];
const CIPHER_BY_OID = new Map(CIPHERS.map((row) => [row.oid, row]));
const CIPHER_ELEMENTS = new Map(CIPHERS.map((row) => [row.oid, oid(row.oid)]));

/** The row of a contentEncryptionAlgorithm OID, or undefined when it is not supported. */
export const cipherByOid = (id: string): ContentCipher | undefined => CIPHER_BY_OID.get(id);
/** The row by its name in node:crypto, or undefined when it is not supported. */
export const cipherByName = (name: string): ContentCipher | undefined => CIPHERS.find((row) => row.name === name);

/** contentEncryptionAlgorithm, DER: the OID and the IV. RFC 3565 4.1, RFC 3370 5.1. */
export const cipherIdentifier = (cipher: ContentCipher, iv: Uint8Array): Uint8Array =>
  sequence(CIPHER_ELEMENTS.get(cipher.oid) ?? oid(cipher.oid), encode(TAG.octetString, iv));

const RSAES_OAEP = '1.2.840.113549.1.1.7';
const MGF1 = '1.2.840.113549.1.1.8';
const SPECIFIED = '1.2.840.113549.1.1.9';

/** Reads a keyEncryptionAlgorithm (RFC 4055 4.1 for OAEP); undefined when it is not supported. Throws DerError. */
export function readKeyTransport(reader: DerReader): KeyTransport | undefined {
  const id = reader.oid();
  if (id === OID.rsaEncryption) return { scheme: 'pkcs1' };
  if (id !== RSAES_OAEP) return undefined;
  // Absent parameters and absent fields mean SHA-1.
  const parameters = reader.enterIf(TAG.sequence);
  const hash = readHash(parameters?.enterIf(explicit(0)));
  const mgf = parameters?.enterIf(explicit(1))?.sequence();
  const mgf1Hash = mgf ? (mgf.oid() === MGF1 ? readHash(mgf) : undefined) : 'sha1';
  const noLabel = hasNoLabel(parameters?.enterIf(explicit(2)));
  return hash && mgf1Hash && noLabel ? { scheme: 'oaep', hash, mgf1Hash } : undefined;
}

/** pSourceAlgorithm may be absent or contain the empty label; both mean the same. */
function hasNoLabel(reader: DerReader | undefined): boolean {
  const source = reader?.sequence();
  return !source || (source.oid() === SPECIFIED && source.octetString().length === 0);
}

const readHash = (reader: DerReader | undefined): Digest | undefined =>
  reader ? digestByOid(reader.sequence().oid())?.digest : 'sha1';

/** keyEncryptionAlgorithm, DER. OAEP always has parameters, because .NET cannot read it without. */
export function keyTransportIdentifier(transport: KeyTransport): Uint8Array {
  if (transport.scheme === 'pkcs1') return RSA_ENCRYPTION;
  const { hash, mgf1Hash } = transport;
  const hashField = hash === 'sha1' ? [] : [encode(explicit(0), digestIdentifier(hash))];
  const mgfField = mgf1Hash === 'sha1' ? [] : [encode(explicit(1), sequence(oid(MGF1), digestIdentifier(mgf1Hash)))];
  return sequence(oid(RSAES_OAEP), sequence(...hashField, ...mgfField));
}
