/** Puts a pkiMessage together from parts, any of which may be odd: the messages that our own client never writes. */
import { constants, createCipheriv, createPublicKey, hash, publicEncrypt, randomBytes, sign } from 'node:crypto';
import { explicit, implicit } from '../../src/asn1/tags.ts';
import {
  encode,
  nullValue,
  octetString,
  oid,
  printableString,
  sequence,
  setOf,
  smallInteger,
} from '../../src/asn1/writer.ts';
import { cipherByName, digestIdentifier, keyTransportIdentifier } from '../../src/cms/algorithms.ts';
import { ATTRIBUTE } from '../../src/cms/attributes.ts';
import { CONTENT_TYPE } from '../../src/cms/content-info.ts';
import { issuerAndSerialNumber } from '../../src/cms/signed-data.ts';
import type { Digest, KeyTransport } from '../../src/core/keys.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { SCEP_ATTRIBUTE } from '../../src/scep/message-attributes.ts';
import { encodeOaep } from '../../src/testing/key-provider-contract.ts';
import { client, type Keyed, ra } from './pki.ts';
import { CSR, SENDER_NONCE, TRANSACTION_ID } from './requests.ts';

/** An AlgorithmIdentifier; NULL parameters unless others, or none, are given. */
export const algorithm = (id: string, ...parameters: readonly Uint8Array[]): Uint8Array =>
  sequence(oid(id), ...parameters);
export const RSA_ENCRYPTION = algorithm('1.2.840.113549.1.1.1', nullValue);

/** IssuerAndSerialNumber of a certificate, DER. */
export const nameOf = (certificate: Uint8Array): Uint8Array => issuerAndSerialNumber(readCertificate(certificate));

/** One Attribute with any number of values. */
export const attribute = (type: string, ...values: readonly Uint8Array[]): Uint8Array =>
  sequence(oid(type), setOf(...values));

/** The attributes that SCEP adds; undefined leaves one out. */
export function scepAttributes(different: Partial<Record<ScepAttribute, Uint8Array | undefined>> = {}): Uint8Array[] {
  const values = {
    messageType: printableString('19'),
    transactionId: printableString(TRANSACTION_ID),
    senderNonce: octetString(SENDER_NONCE),
    ...different,
  };
  return (Object.keys(values) as ScepAttribute[]).flatMap((name) =>
    values[name] ? [attribute(SCEP_ATTRIBUTE[name], values[name])] : [],
  );
}
type ScepAttribute = 'messageType' | 'transactionId' | 'senderNonce' | 'recipientNonce';

/** How node:crypto names a cipher, and how CMS does. */
export type Cipher = { oid: string; name: string; keyBytes: number; blockBytes: number };

export type EnvelopeParts = {
  /** What is encrypted. */
  content: Uint8Array;
  pad: (content: Uint8Array, blockBytes: number) => Uint8Array;
  cipher: Cipher;
  contentKey: Uint8Array;
  iv: Uint8Array;
  /** RecipientInfos, DER, given the content key. */
  recipients: (contentKey: Uint8Array) => Uint8Array[];
  /** The encryptedContent element. */
  encryptedContent: (octets: Uint8Array) => Uint8Array;
  /** What comes between version and recipients. */
  originator: readonly Uint8Array[];
  /** What comes behind the encrypted content. */
  trailer: readonly Uint8Array[];
  wrap: (envelopedData: Uint8Array) => Uint8Array;
};

/** RFC 5652 6.3. */
export const padded = (content: Uint8Array, blockBytes: number): Uint8Array => {
  const count = blockBytes - (content.length % blockBytes);
  return Buffer.concat([content, Buffer.alloc(count, count)]);
};

const contentInfo = (type: string, content: Uint8Array): Uint8Array =>
  sequence(oid(type), encode(explicit(0), content));

/** A ContentInfo with EnvelopedData to the test RA, AES-128 and PKCS#1 v1.5, but for what is given. */
export function forgeEnvelope(different: Partial<EnvelopeParts> = {}): Uint8Array {
  const cipher = different.cipher ?? cipherByName('aes-128-cbc')!;
  const parts: EnvelopeParts = {
    content: CSR,
    pad: padded,
    cipher,
    contentKey: randomBytes(cipher.keyBytes),
    iv: randomBytes(cipher.blockBytes),
    recipients: (contentKey) => [recipientInfo(ra, contentKey)],
    encryptedContent: (octets) => encode(implicit(0), octets),
    originator: [],
    trailer: [],
    wrap: (envelopedData) => contentInfo(CONTENT_TYPE.envelopedData, envelopedData),
    ...different,
  };
  const encrypted = encrypt(parts);
  const info = sequence(
    oid(CONTENT_TYPE.data),
    algorithm(cipher.oid, octetString(parts.iv)),
    parts.encryptedContent(encrypted),
  );
  const recipients = encode(0x31, ...parts.recipients(parts.contentKey));
  return parts.wrap(sequence(smallInteger(0), ...parts.originator, recipients, info, ...parts.trailer));
}

function encrypt({ cipher, contentKey, iv, content, pad }: EnvelopeParts): Uint8Array {
  const single = cipher.name === 'des-cbc';
  const key = single ? Buffer.concat([contentKey, contentKey, contentKey]) : contentKey;
  // A content key of the wrong length encrypts nothing: the RA must not find that out from the rest.
  if (contentKey.length !== cipher.keyBytes) return randomBytes(1024);
  const encryption = createCipheriv(single ? 'des-ede3-cbc' : cipher.name, key, iv).setAutoPadding(false);
  return Buffer.concat([encryption.update(pad(content, cipher.blockBytes)), encryption.final()]);
}

export type RecipientParts = { id: Uint8Array; transport: KeyTransport; algorithm: Uint8Array };

/** KeyTransRecipientInfo, DER: named by issuer and serial number, PKCS#1 v1.5, but for what is given. */
export function recipientInfo(to: Keyed, contentKey: Uint8Array, different: Partial<RecipientParts> = {}): Uint8Array {
  const { id = nameOf(to.certificate), transport = { scheme: 'pkcs1' } as const } = different;
  const named = different.algorithm ?? keyTransportIdentifier(transport);
  return keyTransRecipientInfo(id, named, encryptKey(to, contentKey, transport));
}

/** KeyTransRecipientInfo, DER, with any octets as encryptedKey. */
export const keyTransRecipientInfo = (id: Uint8Array, named: Uint8Array, encryptedKey: Uint8Array): Uint8Array =>
  sequence(smallInteger(0), id, named, octetString(encryptedKey));

/** A block of the modulus' length, raised to the public exponent: for paddings that no library writes. */
export const rawEncrypt = (to: Keyed, block: Uint8Array): Uint8Array =>
  publicEncrypt({ key: createPublicKey(to.key.privateKey), padding: constants.RSA_NO_PADDING }, block);

/** A content key, encrypted with the recipient's public key. */
export function encryptKey(to: Keyed, contentKey: Uint8Array, transport: KeyTransport): Uint8Array {
  const key = createPublicKey(to.key.privateKey);
  if (transport.scheme === 'pkcs1') return publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, contentKey);
  const { hash: label, mgf1Hash } = transport;
  if (label !== mgf1Hash) return rawEncrypt(to, encodeOaep(contentKey, to.key.kind.bits / 8, label, mgf1Hash));
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: label }, contentKey);
}

export type SignedParts = {
  /** The octets of the eContent. */
  content: Uint8Array;
  /** The octets that are digested, where they are not the content. */
  digested: Uint8Array;
  contentType: string;
  /** What is inside `[0]` of EncapsulatedContentInfo. */
  encapsulate: (content: Uint8Array) => Uint8Array;
  signer: Keyed;
  digest: Digest | 'md5';
  digestIdentifier: Uint8Array;
  signatureIdentifier: Uint8Array;
  signatureOf: (data: Uint8Array) => Uint8Array;
  signerId: Uint8Array;
  certificates: readonly Uint8Array[];
  /** contentType and messageDigest, which bind the content. */
  binding: readonly Uint8Array[];
  attributes: readonly Uint8Array[];
  /** The content octets of the SET as sent, given all attributes. */
  arrange: (attributes: readonly Uint8Array[]) => Uint8Array[];
  /** The SET that is signed, given the one that is sent. */
  signedOver: (sent: Uint8Array) => Uint8Array;
  /** The signerInfos, given the one. */
  signerInfos: (one: Uint8Array) => Uint8Array[];
};

export const sorted = (attributes: readonly Uint8Array[]): Uint8Array[] =>
  attributes.toSorted((a, b) => Buffer.compare(a, b));

/** A pkiMessage with SignedData around the envelope, PKCSReq of the test client, but for what is given. */
export function forge(different: Partial<SignedParts> = {}): Uint8Array {
  const content = different.content ?? forgeEnvelope();
  const { signer = client, digest = 'sha256', contentType = CONTENT_TYPE.data, digested = content } = different;
  const parts: SignedParts = {
    content,
    digested,
    contentType,
    encapsulate: octetString,
    signer,
    digest,
    digestIdentifier: digestIdentifier(digest === 'md5' ? 'sha256' : digest),
    signatureIdentifier: RSA_ENCRYPTION,
    signatureOf: (data) => sign(digest, data, signer.key.privateKey),
    signerId: nameOf(signer.certificate),
    certificates: [signer.certificate],
    binding: [
      attribute(ATTRIBUTE.contentType, oid(contentType)),
      attribute(ATTRIBUTE.messageDigest, octetString(hash(digest, digested, 'buffer'))),
    ],
    attributes: scepAttributes(),
    arrange: sorted,
    signedOver: (sent) => sent,
    signerInfos: (one) => [one],
    ...different,
  };
  return contentInfo(CONTENT_TYPE.signedData, signedData(parts));
}

function signedData(parts: SignedParts): Uint8Array {
  const attributes = parts.arrange([...parts.binding, ...parts.attributes]);
  const signature = parts.signatureOf(parts.signedOver(encode(0x31, ...attributes)));
  const signerInfo = sequence(
    smallInteger(1),
    parts.signerId,
    parts.digestIdentifier,
    ...(attributes.length ? [encode(explicit(0), ...attributes)] : []),
    parts.signatureIdentifier,
    octetString(signature),
  );
  return sequence(
    smallInteger(1),
    setOf(parts.digestIdentifier),
    sequence(oid(parts.contentType), encode(explicit(0), parts.encapsulate(parts.content))),
    encode(explicit(0), ...parts.certificates),
    encode(0x31, ...parts.signerInfos(signerInfo)),
  );
}
