/** Signature algorithms of certificates, requests and CMS, one row each (RFC 4055, 5758, 8410, 9881), and their use. */
import { type KeyObject, constants, createSign, sign, verify } from 'node:crypto';
import type { DerReader } from '../asn1/reader.ts';
import { bitString, nullValue, oid, sequence } from '../asn1/writer.ts';
import type { Digest, KeyKind, KeyProvider, SignatureInput } from '../core/keys.ts';
import { isMlDsa, ML_DSA } from './ml-dsa.ts';
import { OID } from './oids.ts';

type SignatureRow = { digest: Digest | undefined; type: KeyKind['type'] };

const ROWS: ReadonlyMap<string, SignatureRow> = new Map<string, SignatureRow>([
  ['1.2.840.113549.1.1.5', { digest: 'sha1', type: 'rsa' }],
  ['1.2.840.113549.1.1.14', { digest: 'sha224', type: 'rsa' }],
  ['1.2.840.113549.1.1.11', { digest: 'sha256', type: 'rsa' }],
  ['1.2.840.113549.1.1.12', { digest: 'sha384', type: 'rsa' }],
  ['1.2.840.113549.1.1.13', { digest: 'sha512', type: 'rsa' }],
  ['1.2.840.10045.4.1', { digest: 'sha1', type: 'ec' }],
  ['1.2.840.10045.4.3.1', { digest: 'sha224', type: 'ec' }],
  ['1.2.840.10045.4.3.2', { digest: 'sha256', type: 'ec' }],
  ['1.2.840.10045.4.3.3', { digest: 'sha384', type: 'ec' }],
  ['1.2.840.10045.4.3.4', { digest: 'sha512', type: 'ec' }],
  ['1.3.101.112', { digest: undefined, type: 'ed25519' }],
  ...ML_DSA.map(({ oid, type }) => [oid, { digest: undefined, type }] as const),
]);

const RSASSA_PSS = '1.2.840.113549.1.1.10';

const DIGESTS: ReadonlyMap<string, Digest> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.4', 'sha224'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

/**
 * How a signature was made. `digest` is undefined when the identifier names none: rsaEncryption, which many clients
 * write in CMS (there, digestAlgorithm names it), id-ecPublicKey, which cryptlib writes in its place for EC keys, Ed25519
 * and ML-DSA. `saltLength` is in octets.
 */
export type SignatureAlgorithm = { type: KeyKind['type']; digest: Digest | undefined; pss?: { saltLength: number } };

/**
 * Reads an AlgorithmIdentifier with NULL or no parameters; undefined when it is not supported, as ML-DSA with parameters
 * (RFC 9881 2). Throws DerError.
 */
export function readSignatureAlgorithm(reader: DerReader): SignatureAlgorithm | undefined {
  const id = reader.oid();
  if (id === OID.rsaEncryption) return { type: 'rsa', digest: undefined };
  if (id === OID.ecPublicKey) return { type: 'ec', digest: undefined };
  if (id === RSASSA_PSS) return readPss(reader);
  const row = ROWS.get(id);
  return row && isMlDsa(row.type) && !reader.done ? undefined : row;
}

/** RFC 4055 3.1. The hash of MGF1 must be the hash of the message, as in every known implementation. */
function readPss(reader: DerReader): SignatureAlgorithm | undefined {
  const parameters = reader.sequence();
  const digest = readDigest(parameters.enterIf(0xa0));
  const mask = parameters.enterIf(0xa1)?.sequence();
  const maskDigest = mask ? (mask.oid() === '1.2.840.113549.1.1.8' ? readDigest(mask) : undefined) : 'sha1';
  const saltLength = parameters.enterIf(0xa2)?.smallInteger() ?? 20;
  return digest !== undefined && digest === maskDigest ? { type: 'rsa', digest, pss: { saltLength } } : undefined;
}

const readDigest = (reader: DerReader | undefined): Digest | undefined =>
  reader ? DIGESTS.get(reader.sequence().oid()) : 'sha1';

/** A signature and what it covers. `digest` is the hash for an `algorithm` that names none, see SignatureAlgorithm. */
export type SignatureToVerify = {
  algorithm: SignatureAlgorithm;
  key: KeyObject;
  data: Uint8Array;
  signature: Uint8Array;
  digest?: Digest;
};

/**
 * Whether the signature is valid. False also for malformed input, a key of another type, and when no digest is known.
 */
export function verifySignature({ algorithm, key, data, signature, digest }: SignatureToVerify): boolean {
  if (key.asymmetricKeyType !== algorithm.type) return false;
  const hash = hashesItself(algorithm.type) ? null : (algorithm.digest ?? digest);
  if (hash === undefined) return false;
  try {
    const { pss } = algorithm;
    // A bare KeyObject is the fast way into OpenSSL.
    if (!pss) return verify(hash, data, key, signature);
    return verify(hash, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: pss.saltLength }, signature);
  } catch {
    // OpenSSL throws for some malformed signatures.
    return false;
  }
}

const hashesItself = (type: KeyKind['type']): boolean => type === 'ed25519' || isMlDsa(type);

/** As `verifySignature` over many octets: other work runs while they are hashed. */
export function verifyLongSignature({ algorithm, key, data, signature }: SignatureToVerify): Promise<boolean> {
  const { type, digest, pss } = algorithm;
  const hash = isMlDsa(type) ? null : digest;
  if (key.asymmetricKeyType !== type || hash === undefined) return Promise.resolve(false);
  const options = pss ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: pss.saltLength } : { key };
  // OpenSSL reports an error for some malformed signatures.
  return new Promise((resolve) => verify(hash, data, options, signature, (error, valid) => resolve(!error && valid)));
}

/** Signs with a private key of node:crypto, RSA, EC or ML-DSA, as `KeyProvider.sign` specifies. */
export const signWithKeyObject = (key: KeyObject, { data, digest, scheme }: SignatureInput): Buffer =>
  // The default for a bare RSA key is PKCS#1 v1.5, and a bare KeyObject is the fast way into OpenSSL.
  scheme === 'pss' && key.asymmetricKeyType === 'rsa'
    ? sign(digest, data, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      })
    : sign(digest ?? null, data, key);

/** As `KeyProvider.signParts`, with an RSA or EC key. */
export async function signPartsWithKeyObject(
  key: KeyObject,
  parts: AsyncIterable<Uint8Array>,
  digest: Digest,
): Promise<Buffer> {
  const signer = createSign(digest);
  for await (const part of parts) signer.update(part);
  return signer.sign(key);
}

const IDENTIFIERS: ReadonlyMap<string, Uint8Array> = new Map(
  [...ROWS].map(([id, { type, digest }]) => [
    `${type}/${digest}`,
    type === 'rsa' ? sequence(oid(id), nullValue) : sequence(oid(id)),
  ]),
);

/**
 * AlgorithmIdentifier, DER, of `KeyProvider.sign` with this digest and scheme `pkcs1`. Throws TypeError for Ed25519.
 */
export function signatureIdentifier(key: KeyKind, digest: Digest | undefined): Uint8Array {
  const identifier = IDENTIFIERS.get(`${key.type}/${digest}`);
  if (!identifier || key.type === 'ed25519')
    throw new TypeError(`no signature algorithm for ${key.type} with ${digest ?? 'no digest'}`);
  return identifier;
}

/** The digest that matches the strength of a curve: SHA-384 for P-384, SHA-512 for P-521, SHA-256 for smaller ones. */
export const curveDigest = (bits: number): Digest => (bits > 384 ? 'sha512' : bits > 256 ? 'sha384' : 'sha256');

/** The digest with which a key signs: that of its curve, SHA-256 for RSA, undefined for ML-DSA. */
export const digestFor = ({ type, bits }: KeyKind): Digest | undefined =>
  isMlDsa(type) ? undefined : type === 'ec' ? curveDigest(bits) : 'sha256';

/**
 * The outer structure of a certificate, request or CRL (RFC 5280 4.1, RFC 2986 4.2), DER: `tbs`, DER, the algorithm and
 * the signature. Throws whatever the key throws, and TypeError for a key that `signatureIdentifier` refuses.
 */
export async function signStructure(
  tbs: Uint8Array,
  signer: KeyProvider,
  digest: Digest | undefined,
): Promise<Uint8Array> {
  const signature = await signer.sign({ data: tbs, digest, scheme: 'pkcs1' });
  return sequence(tbs, signatureIdentifier(signer.kind, digest), bitString(signature));
}
