/** EnvelopedData (RFC 5652 6): reads it, opens it with an RSA key, and writes it for an RSA, an EC or an ML-KEM key. */
import { constants, publicEncrypt } from 'node:crypto';
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit, implicit, TAG } from '../asn1/tags.ts';
import { encode, octetString, sequence, setOf, smallInteger } from '../asn1/writer.ts';
import { equalBytes } from '../core/bytes.ts';
import type { KeyKind, KeyProvider, KeyTransport } from '../core/keys.ts';
import type { RandomBytes } from '../core/environment.ts';
import type { CertificateView } from '../pkix/certificate.ts';
import { isMlDsa } from '../pkix/ml-dsa.ts';
import { isMlKem } from '../pkix/ml-kem.ts';
import type { PublicKey } from '../pkix/public-key.ts';
import { withPkcs1 } from '../pkix/with-pkcs1.ts';
import {
  type ContentCipher,
  cipherByOid,
  cipherIdentifier,
  keyTransportIdentifier,
  readKeyTransport,
} from './algorithms.ts';
import { decryptContent, encryptContent } from './content-encryption.ts';
import { CONTENT_TYPE, contentTypeOid, enterContentInfo, writeContentInfo } from './content-info.ts';
import { keyAgreeRecipientInfo } from './key-agreement.ts';
import { type KemRecipient, kemRecipientInfo, readKemRecipient } from './kem-recipient.ts';
import { isCiphertextOf, transportCapacity } from './key-transport.ts';
import { issuerAndSerialNumber, readSignerId, type SignerId } from './signed-data.ts';

const MOST_RECIPIENTS = 16;
const MOST_CHUNKS = 4096;

/** KeyTransRecipientInfo, RFC 5652 6.2.1. `transport` is undefined for an algorithm that is not supported. */
export type KeyTransRecipient = { id: SignerId; transport: KeyTransport | undefined; encryptedKey: Uint8Array };

/** An EnvelopedData as received, not decrypted. */
export type EnvelopedData = {
  recipients: KeyTransRecipient[];
  /** KeyAgreeRecipientInfos, DER, not parsed: only a client with an EC key needs them. */
  agreements: Uint8Array[];
  /** PasswordRecipientInfos, DER, not parsed: only a client whose key cannot encrypt needs them. */
  passwords: Uint8Array[];
  /** KEMRecipientInfos. */
  encapsulations: KemRecipient[];
  /** undefined: a cipher that is not supported, such as RC2. */
  cipher: ContentCipher | undefined;
  /** The OID of the cipher, dotted. */
  cipherOid: string;
  iv: Uint8Array;
  encryptedContent: Uint8Array;
};

/** Reads a ContentInfo with EnvelopedData, or a bare EnvelopedData as old certmonger versions send. Throws DerError. */
export function readEnvelopedData(der: Uint8Array): EnvelopedData {
  const enveloped = enterEnvelope(der);
  enveloped.smallInteger();
  if (enveloped.tag === explicit(0)) enveloped.element();
  const others: OtherRecipients = { agreements: [], passwords: [], encapsulations: [] };
  const recipients = enveloped.set().each(MOST_RECIPIENTS, (list) => readRecipient(list, others));
  const info = enveloped.sequence();
  info.oid();
  const algorithm = info.sequence();
  const cipherOid = algorithm.oid();
  const cipher = cipherByOid(cipherOid);
  const iv = cipher ? algorithm.octetString() : EMPTY;
  if (cipher && iv.length !== cipher.blockBytes) throw new DerError(`IV of ${iv.length} octets`);
  return {
    recipients: recipients.filter((recipient) => recipient !== undefined),
    ...others,
    cipher,
    cipherOid,
    iv,
    encryptedContent: readEncryptedContent(info),
  };
}

const EMPTY = new Uint8Array(0);

function enterEnvelope(der: Uint8Array): DerReader {
  const bare = DerReader.over(der).sequence().tag === TAG.integer;
  return bare ? DerReader.over(der).sequence() : enterContentInfo(der, CONTENT_TYPE.envelopedData).sequence();
}

type OtherRecipients = Pick<EnvelopedData, 'agreements' | 'passwords' | 'encapsulations'>;

/** Other kinds of recipient have context tags. Of those, key agreement, passwords and encapsulations are kept. */
function readRecipient(list: DerReader, others: OtherRecipients): KeyTransRecipient | undefined {
  if (list.tag === explicit(1)) return void others.agreements.push(list.element().der);
  if (list.tag === explicit(3)) return void others.passwords.push(list.element().der);
  if (list.tag === explicit(4)) {
    const recipient = readKemRecipient(list);
    return void (recipient && others.encapsulations.push(recipient));
  }
  if (list.tag !== TAG.sequence) return void list.element();
  const info = list.sequence();
  info.smallInteger();
  const id = readSignerId(info);
  const transport = readKeyTransport(info.sequence());
  return { id, transport, encryptedKey: info.octetString() };
}

/** `[0] IMPLICIT OCTET STRING`: primitive, or constructed of chunks as in BER and from some old Go clients. */
function readEncryptedContent(info: DerReader): Uint8Array {
  if (info.tag === implicit(0)) return info.read(implicit(0));
  return Buffer.concat(info.enter(explicit(0)).each(MOST_CHUNKS, (chunk) => chunk.octetString()));
}

/** A key that messages may be encrypted to, with its certificate and its key identifier (RFC 5280 4.2.1.2). */
export type RecipientKey = { certificate: CertificateView; keyIdentifier: Uint8Array; key: KeyProvider };

/**
 * The recipient info that names one of `keys`, that key and its certificate. A single recipient info that names none of them is
 * returned with the first key: clients re-encode the issuer, or use an old certificate of the same key. Otherwise
 * undefined.
 */
export function chooseRecipient(
  enveloped: EnvelopedData,
  keys: readonly RecipientKey[],
): { recipient: KeyTransRecipient; key: KeyProvider; certificate: CertificateView } | undefined {
  for (const recipient of enveloped.recipients) {
    const match = keys.find((candidate) => isAddressedTo(recipient.id, candidate));
    if (match) return { recipient, key: match.key, certificate: match.certificate };
  }
  const [only, ...others] = enveloped.recipients;
  const [first] = keys;
  if (!only || others.length > 0 || !first) return undefined;
  return { recipient: only, key: first.key, certificate: first.certificate };
}

/** The encapsulation that names one of `keys`, that key and its certificate; undefined when none does. */
export function chooseEncapsulation(
  { encapsulations }: Pick<EnvelopedData, 'encapsulations'>,
  keys: readonly RecipientKey[],
): { recipient: KemRecipient; key: KeyProvider; certificate: CertificateView } | undefined {
  for (const recipient of encapsulations) {
    const match = keys.find((candidate) => isAddressedTo(recipient.id, candidate));
    if (match) return { recipient, key: match.key, certificate: match.certificate };
  }
  return undefined;
}

/** Whether a recipient info names this key, by issuer and serial number or by key identifier. */
export const isAddressedTo = (id: SignerId, { certificate, keyIdentifier }: RecipientKey): boolean =>
  'keyIdentifier' in id
    ? equalBytes(id.keyIdentifier, keyIdentifier)
    : equalBytes(id.serialNumber, certificate.serialNumber) && equalBytes(id.issuer, certificate.issuer);

/**
 * Decrypts the content, without an error that depends on secret data. When the decrypted content key has a wrong
 * length, a random one is used, and the result is not a valid message. A wrong block padding is not removed; a message
 * with its own length is read correctly in spite of it. All cases take the same path, so that there is no oracle for
 * the RSA padding (Bleichenbacher, Manger) or the block padding (Vaudenay). Throws DerError only for what the sender
 * knows: an encryptedKey that cannot be a ciphertext of this key. Throws TypeError when the key has no `decrypt`.
 */
export async function openEnvelopedData(
  enveloped: EnvelopedData & { cipher: ContentCipher },
  { recipient, key }: { recipient: KeyTransRecipient & { transport: KeyTransport }; key: KeyProvider },
  random: RandomBytes,
): Promise<Uint8Array> {
  const { cipher, iv, encryptedContent } = enveloped;
  assertCiphertext(recipient, key);
  if (!key.decrypt) throw new TypeError('the recipient key has no decrypt()');
  const substitute = random(cipher.keyBytes);
  const decrypted = await key.decrypt(recipient.encryptedKey, recipient.transport);
  const contentKey = decrypted.length === cipher.keyBytes ? decrypted : substitute;
  return decryptContent(cipher, contentKey, iv, encryptedContent);
}

function assertCiphertext({ transport, encryptedKey }: KeyTransRecipient, { spki, kind: key }: KeyProvider): void {
  if (!isCiphertextOf(spki, encryptedKey)) throw new DerError('encryptedKey out of the range of the RA key');
  if (transport && transportCapacity(key, transport) < 0) throw new DerError('OAEP hash too long for the RA key');
}

/** What every new EnvelopedData is made of. */
export type EnvelopePlan = { content: Uint8Array; cipher: ContentCipher; random: RandomBytes };

/** The contents of a new EnvelopedData for a key. `cipher` must suit the key, see `canReceive`. */
export type EnvelopedDataPlan = EnvelopePlan & {
  recipient: { certificate: CertificateView; key: PublicKey };
  /** How the content key is encrypted to an RSA key. Not used for an EC key. */
  transport: KeyTransport;
  /** For an EC key: the key wrap has NULL parameters, see `keyWrapAlgorithm`. */
  nullWrap?: boolean;
};

const VERSIONS = { 0: smallInteger(0), 2: smallInteger(2), 3: smallInteger(3) };

/**
 * ContentInfo with EnvelopedData, DER, for one recipient, named by issuer and serial number. Throws TypeError without
 * `canReceive`.
 */
export function writeEnvelopedData(plan: EnvelopedDataPlan): Uint8Array {
  const { recipient, cipher, random } = plan;
  const contentKey = random(cipher.keyBytes);
  // RFC 5652 6.1: version 0 for key transport only, 2 for other recipients, 3 with an OtherRecipientInfo.
  if (isMlKem(recipient.key.kind.type))
    return writeEnvelope(plan, contentKey, { version: 3, info: kemRecipientInfo(recipient, contentKey) });
  return recipient.key.kind.type === 'ec'
    ? writeEnvelope(plan, contentKey, { version: 2, info: agreeing(plan, contentKey) })
    : writeEnvelope(plan, contentKey, { version: 0, info: transporting(plan, contentKey) });
}

/** ContentInfo with EnvelopedData, DER, for one RecipientInfo, DER, from which this content key can be learned. */
export function writeEnvelope(
  { content, cipher, random }: EnvelopePlan,
  contentKey: Uint8Array,
  recipient: { version: keyof typeof VERSIONS; info: Uint8Array },
): Uint8Array {
  const iv = random(cipher.blockBytes);
  const encryptedContentInfo = sequence(
    contentTypeOid(CONTENT_TYPE.data),
    cipherIdentifier(cipher, iv),
    encode(implicit(0), encryptContent(cipher, contentKey, iv, content)),
  );
  const version = VERSIONS[recipient.version];
  return writeContentInfo('envelopedData', sequence(version, setOf(recipient.info), encryptedContentInfo));
}

/** Whether a content key of this cipher can be encrypted to a key of this kind. Depends only on public facts. */
export const canReceive = (key: KeyKind, cipher: ContentCipher): boolean =>
  key.type === 'rsa' || ((key.type === 'ec' || isMlKem(key.type)) && cipher.keyWrap !== undefined);

/**
 * Whether a reply with this cipher can reach a signer with a key of this kind: it can be encrypted to the key, or, where
 * the key only signs, with a password, whose key wrap is defined here for AES.
 */
export const canBeAnswered = (key: KeyKind, cipher: ContentCipher): boolean =>
  canReceive(key, cipher) || (isMlDsa(key.type) && cipher.keyWrap !== undefined);

function agreeing({ recipient, cipher, nullWrap = false }: EnvelopedDataPlan, contentKey: Uint8Array): Uint8Array {
  const { keyWrap } = cipher;
  if (!keyWrap) throw new TypeError(`no key wrap for ${cipher.name}`);
  return keyAgreeRecipientInfo(recipient, contentKey, { ...cipher, keyWrap, nullWrap });
}

const transporting = ({ recipient, transport }: EnvelopedDataPlan, contentKey: Uint8Array): Uint8Array =>
  sequence(
    VERSIONS[0],
    issuerAndSerialNumber(recipient.certificate),
    keyTransportIdentifier(transport),
    octetString(encryptKey(recipient.key, contentKey, transport)),
  );

const encryptKey = ({ key }: PublicKey, contentKey: Uint8Array, transport: KeyTransport): Uint8Array =>
  transport.scheme === 'pkcs1'
    ? publicEncrypt(withPkcs1(key), contentKey)
    : publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: transport.hash }, contentKey);
