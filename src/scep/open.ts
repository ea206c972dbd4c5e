/** Opens a PKIOperation: parse, verify, check algorithms, decrypt, prove possession. Each step is one function. */
import { DerError } from '../asn1/limits.ts';
import { DerReader, type Element } from '../asn1/reader.ts';
import { isString, stringText } from '../asn1/strings.ts';
import { TAG } from '../asn1/tags.ts';
import { isListed } from '../cms/algorithms.ts';
import { ATTRIBUTE, type Attributes, singleValue } from '../cms/attributes.ts';
import { readDerOrBer } from '../cms/content-info.ts';
import { readSignedData, type SignedData, type SignerInfo, verifySigner } from '../cms/signed-data.ts';
import type { KeyKind } from '../core/keys.ts';
import { HttpError, Refusal, type RefusalCode } from '../core/errors.ts';
import { readTime } from '../asn1/time.ts';
import { UnsupportedAlgorithm } from '../pkix/algorithm-names.ts';
import { isStrongEnough } from '../pkix/ml-dsa.ts';
import { SCEP_ATTRIBUTE } from './message-attributes.ts';
import { CONTENTS, type ReadContent } from './contents.ts';
import { openEnvelope, readEnvelope, recipientOf } from './envelope.ts';
import { checkLegacy, legacyUses } from './legacy-uses.ts';
import { type Content, type MessageHeader, MESSAGE_TYPES, type Opened, type RefusedMessage } from './message.ts';
import type { MessageRules, OpenContext } from './open-context.ts';
import { findSigner } from './signer.ts';

/** Octets. No known client makes longer ones, and RFC 8894 3.2.1.1 and 3.2.1.5 set no limit. */
const LONGEST_TRANSACTION_ID = 1024;
const LONGEST_NONCE = 64;

/**
 * `bytes`: DER or BER. Throws HttpError `message_undecodable` when there is no transactionID to answer to. Every other
 * fault is a RefusedMessage, so that the client gets a signed FAILURE.
 */
export async function open(bytes: Uint8Array, context: OpenContext): Promise<Opened> {
  const { data, signer } = parse(bytes);
  const header = readHeader(signer);
  try {
    return await openAnswerable(data, signer, header, context);
  } catch (error) {
    const to = addressed(header, data, context);
    if (error instanceof Refusal) return refused(to, error.code, error.message);
    if (error instanceof UnsupportedAlgorithm) return refused(to, 'algorithm_refused', error.message);
    if (error instanceof DerError) return refused(to, 'request_refused', error.message);
    throw error;
  }
}

/** A refusal is signed by the RA that the client knows, too. The envelope may be what is refused. */
function addressed(header: MessageHeader, data: SignedData, context: OpenContext): MessageHeader {
  try {
    return { ...header, recipient: recipientOf(readEnvelope(data), context) };
  } catch {
    return header;
  }
}

async function openAnswerable(
  data: SignedData,
  signer: SignerInfo,
  header: MessageHeader,
  context: OpenContext,
): Promise<Opened> {
  checkAttributes(signer.attributes);
  const signedBy = findSigner(data, signer);
  checkAlgorithms(signer, signedBy.key.kind);
  if (!verifySigner(data, signer, signedBy.key))
    throw new Refusal('signature_invalid', 'signature or messageDigest is wrong');
  checkSigningTime(signer.attributes, context);
  const read = readerOf(header, context.rules);
  const envelope = readEnvelope(data);
  const { cipher } = envelope;
  const { certificate: signerCertificate, key: signerKey } = signedBy;
  // Before anything is decrypted: everything that anyone can see.
  const outside = legacyUses({ digest: signer.digest, cipher, key: signerKey.kind });
  checkLegacy(outside, context.rules);
  const { content, transport, recipient } = await openEnvelope(envelope, { signerKey, read }, context);
  const inside = legacyUses({ key: requestedKey(content) });
  checkLegacy(inside, context.rules);
  const replyTo = { signerCertificate, signerKey, transport, cipher: cipher.name };
  return {
    kind: 'request',
    header: { ...header, recipient },
    replyTo,
    legacy: [...new Set([...outside, ...inside])],
    content,
  };
}

const refused = (header: MessageHeader, code: RefusalCode, detail: string): RefusedMessage => ({
  kind: 'refused',
  header,
  code,
  detail,
});

function parse(bytes: Uint8Array): { data: SignedData; signer: SignerInfo } {
  try {
    const data = readDerOrBer(bytes, readSignedData);
    // The pkiMessage of RFC 8894 3.2 has one signer. With two it would be unclear which of them makes the request.
    if (data.signers.length !== 1) throw new DerError(`${data.signers.length} signers`);
    return { data, signer: data.signers[0]! };
  } catch (cause) {
    throw new HttpError('message_undecodable', cause instanceof DerError ? cause.message : 'unreadable', { cause });
  }
}

/** Without a transactionID no answer is possible. Of repeated values the first is echoed. */
function readHeader({ attributes, digest }: SignerInfo): MessageHeader {
  const transactionId = attributes.get(SCEP_ATTRIBUTE.transactionId)?.[0];
  if (
    !transactionId ||
    !isString(transactionId.tag) ||
    transactionId.content.length === 0 ||
    transactionId.content.length > LONGEST_TRANSACTION_ID
  )
    throw new HttpError('message_undecodable', 'no usable transactionID');
  const nonce = attributes.get(SCEP_ATTRIBUTE.senderNonce)?.[0];
  return {
    transactionId: decoded(() => stringText(transactionId.tag, transactionId.content)),
    transactionIdDer: transactionId.der,
    // RFC 8894 3.2.1.5 says 16 octets. Old iOS sends 8; any length is echoed.
    senderNonceDer: nonce?.tag === TAG.octetString && nonce.content.length <= LONGEST_NONCE ? nonce.der : undefined,
    messageType: messageType(attributes),
    digest: digest ?? 'sha256',
  };
}

function decoded(read: () => string): string {
  try {
    return read();
  } catch (cause) {
    throw new HttpError('message_undecodable', 'the transactionID is not text', { cause });
  }
}

/** RFC 8894 3.2.1.2: a number in a PrintableString. Some clients send UTF8String, one an INTEGER. */
function messageType(attributes: Attributes): string {
  const value = attributes.get(SCEP_ATTRIBUTE.messageType)?.[0];
  if (!value) return 'absent';
  const number = numberText(value);
  // Digits only: otherwise a message could look up names such as `constructor`.
  return /^\d{1,5}$/.test(number) ? (MESSAGE_TYPES[number] ?? number) : 'unknown';
}

/** The digits of a number, in any type of text; something else for what is no text and no INTEGER of one octet. */
function numberText({ tag, content }: Element): string {
  if (tag === TAG.integer) return content.length === 1 ? String(content[0]) : '';
  if (!isString(tag) && tag !== TAG.octetString) return '';
  return Buffer.from(content.subarray(0, 16)).toString('latin1');
}

const SINGLE_VALUED = [SCEP_ATTRIBUTE.messageType, SCEP_ATTRIBUTE.transactionId, SCEP_ATTRIBUTE.senderNonce];

/** RFC 8894 3.2.1: each attribute has one value. With two values, two readers could understand two messages. */
function checkAttributes(attributes: Attributes): void {
  for (const type of SINGLE_VALUED) singleValue(attributes, type);
  const nonce = attributes.get(SCEP_ATTRIBUTE.senderNonce)?.[0];
  if (nonce?.tag !== TAG.octetString || nonce.content.length === 0 || nonce.content.length > LONGEST_NONCE)
    throw new Refusal('sender_nonce_missing', 'no usable senderNonce');
}

/** RFC 8894 3.5.2: a digest that GetCACaps never lists is refused. One that is legacy is checked later. */
function checkAlgorithms({ digest, digestOid, algorithm, algorithmIdentifier }: SignerInfo, { type }: KeyKind): void {
  if (!digest || !isListed(digest)) throw new UnsupportedAlgorithm('the digest', digestOid);
  if (!algorithm)
    throw new UnsupportedAlgorithm('the signature algorithm', DerReader.over(algorithmIdentifier).sequence().oid());
  if (!isStrongEnough(digest, type))
    throw new UnsupportedAlgorithm(`the digest of a message signed with ${type}`, digestOid);
}

function checkSigningTime(attributes: Attributes, { rules, clock }: OpenContext): void {
  const value = singleValue(attributes, ATTRIBUTE.signingTime);
  if (!value || !rules.signingTime) return;
  const ahead = readTime(value.tag, value.content).getTime() - clock().getTime();
  if (ahead > rules.signingTime.future || -ahead > rules.signingTime.past)
    throw new Refusal('signing_time_refused', `signingTime is ${Math.round(ahead / 1000)} s away from the present`);
}

/** The key that a certificate is requested for. It often differs from the key that signed. */
const requestedKey = (content: Content): KeyKind | undefined =>
  content.type === 'certification-request' ? content.csr.key : undefined;

/** An allow-list, checked before decryption: other servers issued certificates for message types they did not know. */
function readerOf({ messageType }: MessageHeader, { renewal }: MessageRules): ReadContent {
  const read = CONTENTS.get(messageType);
  if (!read) throw new Refusal('message_type_refused', `messageType ${messageType}`);
  if (messageType === 'RenewalReq' && !renewal)
    throw new Refusal('message_type_refused', 'renewal is off at this endpoint');
  return read;
}
