/** The parts of a pkiMessage (RFC 8894 3), each with the variations of clients. Does not use the writer in src/. */
import {
  constants,
  createCipheriv,
  generateKeyPairSync,
  hash,
  type KeyObject,
  publicEncrypt,
  randomBytes,
  sign,
} from 'node:crypto';
import { attribute, DER, NULL, oid, type Part, printable, seq, tlv, utcTime, type Writer } from './octets.ts';

/** The name of a digest in node:crypto, its OID, and the OID of RSA with it. */
const DIGESTS = {
  md5: ['1.2.840.113549.2.5', '1.2.840.113549.1.1.4'],
  sha1: ['1.3.14.3.2.26', '1.2.840.113549.1.1.5'],
  sha256: ['2.16.840.1.101.3.4.2.1', '1.2.840.113549.1.1.11'],
  sha512: ['2.16.840.1.101.3.4.2.3', '1.2.840.113549.1.1.13'],
} as const;
export type Digest = keyof typeof DIGESTS;

/** OID, key and block length by the name of node:crypto, which has single DES only as triple DES with one key. */
const CIPHERS = {
  'aes-128-cbc': ['2.16.840.1.101.3.4.1.2', 16, 16],
  'aes-256-cbc': ['2.16.840.1.101.3.4.1.42', 32, 16],
  'des-ede3-cbc': ['1.2.840.113549.3.7', 24, 8],
  'des-cbc': ['1.3.14.3.2.7', 8, 8],
} as const;
export type Cipher = keyof typeof CIPHERS;

const RSA_ENCRYPTION = seq(oid('1.2.840.113549.1.1.1'), NULL);
const digestAlgorithm = (digest: Digest): Buffer => seq(oid(DIGESTS[digest][0]), NULL);
const signatureAlgorithm = (digest: Digest): Buffer => seq(oid(DIGESTS[digest][1]), NULL);

const signed = (tbs: Buffer, digest: Digest, key: KeyObject): Buffer =>
  seq(tbs, signatureAlgorithm(digest), tlv(0x03, '00', sign(digest, tbs, key)));

/** An RSA key and its SubjectPublicKeyInfo. */
export type Key = { privateKey: KeyObject; publicKey: KeyObject; spki: Buffer };
export function rsaKey(modulusLength = 2048): Key {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
  return { privateKey, publicKey, spki: publicKey.export({ format: 'der', type: 'spki' }) };
}

export type CertificateParts = {
  /** Content octets of the INTEGER. */
  serial: Part;
  issuer: Buffer;
  subject: Buffer;
  spki: Buffer;
  extensions?: readonly Buffer[];
  digest?: Digest;
  notBefore?: string;
  notAfter?: string;
  /** The key that signs it. */
  by: Key;
};
export type Certificate = { der: Buffer; issuerAndSerial: Buffer };

export function certificate(parts: CertificateParts): Certificate {
  const { digest = 'sha256', notBefore = '260101000000Z', notAfter = '280101000000Z', extensions } = parts;
  const serial = tlv(0x02, parts.serial);
  const tbs = seq(
    tlv(0xa0, '020102'),
    serial,
    signatureAlgorithm(digest),
    parts.issuer,
    seq(utcTime(notBefore), utcTime(notAfter)),
    parts.subject,
    parts.spki,
    ...(extensions ? [tlv(0xa3, seq(...extensions))] : []),
  );
  return { der: signed(tbs, digest, parts.by.privateKey), issuerAndSerial: seq(parts.issuer, serial) };
}

/** A certificate and its key. */
export type Keyed = { certificate: Certificate; key: Key };

/** A new key with a self-signed certificate. */
export function selfSigned(
  subject: Buffer,
  different: Partial<Omit<CertificateParts, 'subject' | 'by'>> & { key?: Key } = {},
): Keyed {
  const { key = rsaKey(), ...rest } = different;
  const parts = { serial: '01', issuer: subject, subject, spki: key.spki, by: key, ...rest };
  return { key, certificate: certificate(parts) };
}

export const CHALLENGE_PASSWORD = '1.2.840.113549.1.9.7';
export const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** One Extension. */
export const extension = (id: string, value: Part, critical = false): Buffer =>
  seq(oid(id), ...(critical ? ['0101ff'] : []), tlv(0x04, value));
export const KEY_USAGE = extension('2.5.29.15', '030205a0', true);
export const CLIENT_AUTH = extension('2.5.29.37', '300a06082b06010505070302');

export type RequestParts = { subject: Buffer; key: Key; attributes: readonly Buffer[]; digest?: Digest };

/** A PKCS#10 request with its attributes in this order. */
export function certificationRequest({ subject, key, attributes, digest = 'sha256' }: RequestParts): Buffer {
  return signed(seq('020100', subject, key.spki, tlv(0xa0, ...attributes)), digest, key.privateKey);
}

export type Transport = 'pkcs1' | 'oaep';
const transportAlgorithm = (transport: Transport): Buffer =>
  transport === 'pkcs1' ? RSA_ENCRYPTION : seq(oid('1.2.840.113549.1.1.7'), seq());

export type EnvelopeParts = {
  content: Buffer;
  to: readonly Keyed[];
  cipher: Cipher;
  transport?: Transport;
  writer?: Writer;
  /** The `[0]` element of the ciphertext. */
  encryptedContent?: (ciphertext: Buffer) => Buffer;
  /** Without the outer ContentInfo. */
  bare?: boolean;
};

/** A ContentInfo with EnvelopedData version 0. */
export function envelope(parts: EnvelopeParts): Buffer {
  const { to, cipher, transport = 'pkcs1', writer = DER } = parts;
  const { encryptedContent = (ciphertext) => tlv(0x80, ciphertext) } = parts;
  const [id, keyBytes, blockBytes] = CIPHERS[cipher];
  const contentKey = randomBytes(keyBytes);
  const iv = randomBytes(blockBytes);
  const recipients = to.map((recipient) => recipientInfo(recipient, contentKey, transport));
  const enveloped = writer.of(
    0x30,
    '020100',
    writer.of(0x31, ...recipients.toSorted((a, b) => Buffer.compare(a, b))),
    writer.of(
      0x30,
      oid('1.2.840.113549.1.7.1'),
      seq(oid(id), tlv(0x04, iv)),
      encryptedContent(encrypted(cipher, contentKey, iv, parts.content)),
    ),
  );
  return parts.bare ? enveloped : writer.of(0x30, oid('1.2.840.113549.1.7.3'), writer.of(0xa0, enveloped));
}

function recipientInfo({ certificate, key }: Keyed, contentKey: Buffer, transport: Transport): Buffer {
  const padding = transport === 'pkcs1' ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_OAEP_PADDING;
  const encryptedKey = publicEncrypt({ key: key.publicKey, padding, oaepHash: 'sha1' }, contentKey);
  return seq('020100', certificate.issuerAndSerial, transportAlgorithm(transport), tlv(0x04, encryptedKey));
}

function encrypted(cipher: Cipher, contentKey: Buffer, iv: Buffer, content: Buffer): Buffer {
  const single = cipher === 'des-cbc';
  const key = single ? Buffer.concat([contentKey, contentKey, contentKey]) : contentKey;
  const encryption = createCipheriv(single ? 'des-ede3-cbc' : cipher, key, iv);
  return Buffer.concat([encryption.update(content), encryption.final()]);
}

export type MessageParts = {
  content: Buffer;
  signer: Keyed;
  digest: Digest;
  /** The SCEP attributes, and those that the client adds. */
  attributes: readonly Buffer[];
  writer?: Writer;
  /** `shaXWithRSAEncryption` in place of rsaEncryption. */
  namesDigest?: boolean;
  /** Certificates in addition to the signer's. */
  others?: readonly Buffer[];
};

/**
 * A ContentInfo with SignedData version 1, its attributes sorted, signed by rsaEncryption except with `namesDigest`.
 */
export function signedMessage(parts: MessageParts): Buffer {
  const { content, signer, digest, writer = DER, others = [] } = parts;
  const attributes = [
    attribute('1.2.840.113549.1.9.3', oid('1.2.840.113549.1.7.1')),
    attribute('1.2.840.113549.1.9.4', tlv(0x04, hash(digest, content, 'buffer'))),
    ...parts.attributes,
  ].toSorted((a, b) => Buffer.compare(a, b));
  const signerInfo = seq(
    '020101',
    signer.certificate.issuerAndSerial,
    digestAlgorithm(digest),
    tlv(0xa0, ...attributes),
    parts.namesDigest ? signatureAlgorithm(digest) : RSA_ENCRYPTION,
    tlv(0x04, sign(digest, tlv(0x31, ...attributes), signer.key.privateKey)),
  );
  const signedData = writer.of(
    0x30,
    '020101',
    writer.of(0x31, digestAlgorithm(digest)),
    writer.of(0x30, oid('1.2.840.113549.1.7.1'), writer.of(0xa0, writer.octets(content))),
    writer.of(0xa0, signer.certificate.der, ...others),
    writer.of(0x31, signerInfo),
  );
  return writer.of(0x30, oid('1.2.840.113549.1.7.2'), writer.of(0xa0, signedData));
}

const SCEP = '2.16.840.1.113733.1.9';

/** messageType, transactionID and senderNonce. */
export const scepAttributes = (messageType: string, transactionId: string, senderNonce: Buffer): Buffer[] => [
  attribute(`${SCEP}.2`, printable(messageType)),
  attribute(`${SCEP}.7`, printable(transactionId)),
  attribute(`${SCEP}.5`, tlv(0x04, senderNonce)),
];
export const RECIPIENT_NONCE = `${SCEP}.6`;
/** extensionReq of draft-nourse, later replaced by PKCS#9. */
export const OLD_EXTENSION_REQUEST = `${SCEP}.8`;
/** signingTime, as every client that builds on OpenSSL or BouncyCastle adds it. */
export const SIGNING_TIME = attribute('1.2.840.113549.1.9.5', utcTime('260301120000Z'));
