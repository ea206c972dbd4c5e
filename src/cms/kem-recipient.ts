/**
 * KEMRecipientInfo (RFC 9629) with ML-KEM (RFC 9936): a key is encapsulated for the recipient, HKDF derives from it the key that
 * wraps the content key. Writes it, reads it, and opens it as a server does.
 */
import { createCipheriv, encapsulate, hkdfSync } from 'node:crypto';
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit, TAG } from '../asn1/tags.ts';
import { encode, octetString, oid, sequence, smallInteger } from '../asn1/writer.ts';
import type { RandomBytes } from '../core/environment.ts';
import type { KeyProvider, MlKem } from '../core/keys.ts';
import type { CertificateView } from '../pkix/certificate.ts';
import { isMlKem, mlKemByOid, mlKemCiphertextOctets, mlKemOid } from '../pkix/ml-kem.ts';
import type { PublicKey } from '../pkix/public-key.ts';
import { aesUnwrap } from './aes-unwrap.ts';
import { CIPHERS, type ContentCipher } from './algorithms.ts';
import { decryptContent } from './content-encryption.ts';
import { issuerAndSerialNumber, readSignerId, type SignerId } from './signed-data.ts';

/** id-ori-kem, RFC 9629 3. */
const ORI_KEM = '1.2.840.113549.1.9.16.13.3';
/** id-alg-hkdf-with-sha256, RFC 8619 2. */
const HKDF_SHA_256 = '1.2.840.113549.1.9.16.3.28';
/** id-aes256-wrap: as strong as ML-KEM-768 and ML-KEM-1024. RFC 9936 2.2.1. */
const AES_256_WRAP = '2.16.840.1.101.3.4.1.45';
const KEK_OCTETS = 32;

/** The algorithms of a KEMRecipientInfo. `wrap` is the AlgorithmIdentifier as received, DER. */
type KemAlgorithms = { kem: MlKem; wrap: Uint8Array; keyBytes: number };

/** A KEMRecipientInfo as received. `algorithms` is undefined when one of them is not supported. */
export type KemRecipient = {
  id: SignerId;
  algorithms: KemAlgorithms | undefined;
  /** The ciphertext of the encapsulation. */
  kemct: Uint8Array;
  ukm: Uint8Array | undefined;
  encryptedKey: Uint8Array;
};

/** Reads an OtherRecipientInfo, `[4]`; undefined for one of another type. Throws DerError. */
export function readKemRecipient(list: DerReader): KemRecipient | undefined {
  const other = list.enter(explicit(4));
  if (other.oid() !== ORI_KEM) return undefined;
  const info = other.sequence();
  info.smallInteger();
  const id = readSignerId(info);
  const kem = mlKemByOid(info.sequence().oid());
  const kemct = info.octetString();
  const kdf = info.sequence().oid();
  const kekLength = info.smallInteger();
  const ukm = info.enterIf(explicit(0))?.octetString();
  const wrap = info.raw(TAG.sequence);
  const encryptedKey = info.octetString();
  const keyBytes = CIPHERS.find((row) => row.keyWrap === DerReader.over(wrap).sequence().oid())?.keyBytes;
  const known = kem && kdf === HKDF_SHA_256 && keyBytes === kekLength;
  return { id, algorithms: known ? { kem, wrap, keyBytes } : undefined, kemct, ukm, encryptedKey };
}

/** RFC 9629 5: HKDF over the DER of CMSORIforKEMOtherInfo, with an empty salt. */
function keyEncryptionKey(
  secret: Uint8Array,
  { wrap, keyBytes }: Pick<KemAlgorithms, 'wrap' | 'keyBytes'>,
  ukm?: Uint8Array,
): Uint8Array {
  const material = ukm ? [encode(explicit(0), octetString(ukm))] : [];
  const info = sequence(wrap, smallInteger(keyBytes), ...material);
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), info, keyBytes));
}

/** `[4]` OtherRecipientInfo, DER, for one recipient, named by issuer and serial number. Throws TypeError for a key that is not ML-KEM. */
export function kemRecipientInfo(
  { certificate, key }: { certificate: CertificateView; key: PublicKey },
  contentKey: Uint8Array,
): Uint8Array {
  const { type } = key.kind;
  if (!isMlKem(type)) throw new TypeError(`no encapsulation for ${type}`);
  const wrap = sequence(oid(AES_256_WRAP));
  const { sharedKey, ciphertext } = encapsulate(key.key);
  const kek = keyEncryptionKey(sharedKey, { wrap, keyBytes: KEK_OCTETS });
  const cipher = createCipheriv('id-aes256-wrap', kek, WRAP_IV);
  const info = sequence(
    smallInteger(0),
    issuerAndSerialNumber(certificate),
    sequence(oid(mlKemOid(type))),
    octetString(ciphertext),
    sequence(oid(HKDF_SHA_256)),
    smallInteger(KEK_OCTETS),
    wrap,
    octetString(Buffer.concat([cipher.update(contentKey), cipher.final()])),
  );
  return encode(explicit(4), oid(ORI_KEM), info);
}

/** RFC 3394 2.2.3.1. */
const WRAP_IV = Buffer.alloc(8, 0xa6);

/** What is decrypted, and how. */
export type KemEnvelope = { cipher: ContentCipher; iv: Uint8Array; encryptedContent: Uint8Array };

/**
 * Decrypts the content, without an error that depends on secret data, as `openEnvelopedData`: ML-KEM rejects implicitly (FIPS
 * 203 algorithm 18), and when the content key does not unwrap, a random one is used. Throws DerError only for what the sender
 * knows: the lengths. Throws TypeError when the key has no `decapsulate`.
 */
export async function openKemEnvelope(
  { cipher, iv, encryptedContent }: KemEnvelope,
  { recipient, key }: { recipient: KemRecipient & { algorithms: KemAlgorithms }; key: KeyProvider },
  random: RandomBytes,
): Promise<Uint8Array> {
  const { algorithms, kemct, ukm, encryptedKey } = recipient;
  if (algorithms.kem !== key.kind.type || kemct.length !== mlKemCiphertextOctets(algorithms.kem))
    throw new DerError(`kemct is no ciphertext of a key of type ${key.kind.type}`);
  if (encryptedKey.length !== cipher.keyBytes + 8) throw new DerError(`encryptedKey of ${encryptedKey.length} octets`);
  if (!key.decapsulate) throw new TypeError('the recipient key has no decapsulate()');
  const substitute = random(cipher.keyBytes);
  const secret = await key.decapsulate(kemct);
  const unwrapped = aesUnwrap(keyEncryptionKey(secret, algorithms, ukm), encryptedKey);
  return decryptContent(cipher, unwrapped.intact ? unwrapped.key : substitute, iv, encryptedContent);
}
