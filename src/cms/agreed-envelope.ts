/** Opens EnvelopedData with an EC key (RFC 5753 3.1). Only clients do this: requests are encrypted to an RSA key. */
import { catchDerError, DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit, TAG } from '../asn1/tags.ts';
import { bitString, sequence } from '../asn1/writer.ts';
import type { Digest } from '../core/keys.ts';
import type { ContentCipher } from './algorithms.ts';
import { decryptContent } from './content-encryption.ts';
import { type EnvelopedData, isAddressedTo, type RecipientKey } from './enveloped-data.ts';
import { derivationDigest, keyEncryptionKey, keyWrapAlgorithm, unwrapped, wrappingKeyBytes } from './key-agreement.ts';
import { readSignerId, type SignerId } from './signed-data.ts';

const MOST_KEYS = 16;

type EncryptedKey = { id: SignerId; encryptedKey: Uint8Array };
type Agreement = {
  /** The ephemeral public key of the originator, an EC point. */
  point: Uint8Array;
  ukm: Uint8Array | undefined;
  digest: Digest;
  keyWrap: Uint8Array;
  keyWrapOid: string;
  keyBytes: number;
  encryptedKeys: EncryptedKey[];
};

/**
 * The content; undefined when no recipient info is for this key in a supported algorithm. Throws DerError when there is
 * one and it does not open. An error is safe here: the client verified the signature of the RA before it decrypts, so
 * there is no oracle for an attacker. Throws TypeError when the key has no `agree`.
 */
export async function openAgreedEnvelope(
  { agreements, cipher, iv, encryptedContent }: EnvelopedData & { cipher: ContentCipher },
  recipient: RecipientKey,
): Promise<Uint8Array | undefined> {
  for (const agreement of agreements.map(readAgreement)) {
    const found = agreement?.encryptedKeys.find(({ id }) => isAddressedTo(id, recipient));
    if (!agreement || !found) continue;
    const contentKey = await contentKeyOf(agreement, found, recipient);
    if (contentKey.length !== cipher.keyBytes) throw new DerError(`content key of ${contentKey.length} octets`);
    return decryptContent(cipher, contentKey, iv, encryptedContent);
  }
  return undefined;
}

async function contentKeyOf(agreement: Agreement, { encryptedKey }: EncryptedKey, { key }: RecipientKey) {
  // Always the curve of the recipient key: RFC 5753 7.1.2 lets the writer leave it out.
  const algorithm = DerReader.over(key.spki).sequence().raw(TAG.sequence);
  const secret = await key.agree?.(sequence(algorithm, bitString(agreement.point)));
  if (!secret) throw new TypeError('the recipient key has no agree()');
  // As the message writes the key wrap; then with NULL parameters, from which BouncyCastle for .NET always derives.
  const open = (keyWrap: Uint8Array) => unwrapped(keyEncryptionKey({ ...agreement, keyWrap, secret }), encryptedKey);
  return catchDerError(
    () => open(agreement.keyWrap),
    () => open(keyWrapAlgorithm(agreement.keyWrapOid, true)),
  );
}

/** Undefined for a static originator key, which no SCEP server uses, and for algorithms that are not supported. */
function readAgreement(recipientInfo: Uint8Array): Agreement | undefined {
  const info = DerReader.over(recipientInfo).enter(explicit(1));
  info.smallInteger();
  const originator = info.enter(explicit(0));
  if (originator.tag !== explicit(1)) return undefined;
  const point = readPoint(originator.enter(explicit(1)));
  const ukm = info.enterIf(explicit(1))?.octetString();
  const algorithm = info.sequence();
  const digest = derivationDigest(algorithm.oid());
  const keyWrap = algorithm.raw(TAG.sequence);
  const keyWrapOid = DerReader.over(keyWrap).sequence().oid();
  const keyBytes = wrappingKeyBytes(keyWrapOid);
  if (!digest || !keyBytes) return undefined;
  return {
    point,
    ukm,
    digest,
    keyWrap,
    keyWrapOid,
    keyBytes,
    encryptedKeys: info.sequence().each(MOST_KEYS, readEncryptedKey),
  };
}

function readPoint(publicKey: DerReader): Uint8Array {
  publicKey.element();
  return publicKey.bitString();
}

function readEncryptedKey(list: DerReader): EncryptedKey {
  const encrypted = list.sequence();
  // RecipientKeyIdentifier is a SEQUENCE of the key identifier and an optional date.
  const byKeyIdentifier = encrypted.enterIf(explicit(0));
  const id = byKeyIdentifier ? { keyIdentifier: byKeyIdentifier.octetString() } : readSignerId(encrypted);
  return { id, encryptedKey: encrypted.octetString() };
}
