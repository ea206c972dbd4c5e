/** Request bytes to a ScepRequest: parse, verify, check algorithms, decrypt, prove. Each step is one function. */
import { DerError } from '../asn1/limits.ts';
import { isString, stringText } from '../asn1/strings.ts';
import { TAG } from '../asn1/tags.ts';
import { ATTRIBUTE, type Attributes, singleValue } from '../cms/attributes.ts';
import { DIGESTS, type Legacy } from '../cms/algorithms.ts';
import { readDerOrBer } from '../cms/content-info.ts';
import { readSignedData, type SignedData, type SignerInfo, verifySigner } from '../cms/signed-data.ts';
import type { KeyKind } from '../core/keys.ts';
import { HttpError, Refusal, type RefusalCode } from '../core/errors.ts';
import { readTime } from '../asn1/time.ts';
import { SCEP_ATTRIBUTE } from './message-attributes.ts';
import { CONTENTS, type ReadContent } from './contents.ts';
import { openEnvelope } from './envelope.ts';
import { type Content, type MessageHeader, MESSAGE_TYPES, type Opened, type RefusedMessage } from './message.ts';
import type { MessageRules, OpenContext } from './open-context.ts';
import { findSigner } from './signer.ts';

/** More is no transactionID that any client makes. RFC 8894 3.2.1.1. */
const LONGEST_TRANSACTION_ID = 1024;
const LONGEST_NONCE = 64;

/**
 * Opens a PKIOperation. Throws HttpError `message_undecodable` when there is nothing that could be answered; every
 * other trouble is a value, so that the client gets a signed FAILURE.
 */
export async function open(bytes: Uint8Array, context: OpenContext): Promise<Opened> {
  const { data, signer } = parse(bytes);
  const header = readHeader(signer);
  try {
    return await openAnswerable(data, signer, header, context);
  } catch (error) {
    if (error instanceof Refusal) return refused(header, error.code, error.message);
    if (error instanceof DerError) return refused(header, 'request_refused', error.message);
    throw error;
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
  if (!signer.digest || !signer.algorithm)
    throw new Refusal('algorithm_refused', 'the digest or signature algorithm is unknown');
  if (!verifySigner(data, signer, signedBy.key))
    throw new Refusal('signature_invalid', 'signature or messageDigest is wrong');
  checkSigningTime(signer.attributes, context);
  const legacy = [...signerLegacy(signer, signedBy.key.kind)];
  checkLegacy(legacy, context.rules);
  const read = readerOf(header, context.rules);
  const envelope = await openEnvelope(data, signedBy.key, { ...context, read });
  const requested = [...keyLegacy(requestedKey(envelope.content))];
  checkLegacy(requested, context.rules);
  return {
    kind: 'request',
    header,
    replyTo: { signerCertificate: signedBy.certificate.der, signerKey: signedBy.key, ...envelope.replyWith },
    legacy: [...new Set([...legacy, ...envelope.legacy, ...requested])],
    content: envelope.content,
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
    // RFC 8894 3.1: exactly one signer. With two, whose transaction would it be?
    if (data.signers.length !== 1) throw new DerError(`${data.signers.length} signers`);
    return { data, signer: data.signers[0]! };
  } catch (cause) {
    throw new HttpError('message_undecodable', cause instanceof DerError ? cause.message : 'unreadable', { cause });
  }
}

/** Without a transactionID there is nothing to answer to. Where values are repeated the first one is echoed. */
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
    // RFC 8894 3.2.1.5 says 16 octets. Old iOS sends 8; whatever comes is echoed.
    senderNonceDer: nonce?.tag === TAG.octetString && nonce.content.length <= LONGEST_NONCE ? nonce.der : undefined,
    messageType: messageType(attributes),
    digest: digest ?? 'sha256',
  };
}

function decoded(read: () => string): string {
  try {
    return read();
  } catch (cause) {
    throw new HttpError('message_undecodable', 'transactionID that is no text', { cause });
  }
}

/** RFC 8894 3.2.1.2: a number in a PrintableString. Some clients send UTF8String, one an INTEGER. */
function messageType(attributes: Attributes): string {
  const value = attributes.get(SCEP_ATTRIBUTE.messageType)?.[0];
  if (!value) return 'absent';
  const number = value.tag === TAG.integer && value.content.length === 1 ? String(value.content[0]) : text(value);
  // Digits first: no name of an object's own properties can be looked up.
  return /^\d{1,5}$/.test(number) ? (MESSAGE_TYPES[number] ?? number) : 'unknown';
}

const text = ({ content }: { content: Uint8Array }): string => Buffer.from(content.subarray(0, 16)).toString('latin1');

const SINGLE_VALUED = [SCEP_ATTRIBUTE.messageType, SCEP_ATTRIBUTE.transactionId, SCEP_ATTRIBUTE.senderNonce];

/** RFC 8894 3.2.1: each attribute has one value. A second one is how a message is made to mean two things. */
function checkAttributes(attributes: Attributes): void {
  for (const type of SINGLE_VALUED) singleValue(attributes, type);
  const nonce = attributes.get(SCEP_ATTRIBUTE.senderNonce)?.[0];
  if (nonce?.tag !== TAG.octetString || nonce.content.length === 0 || nonce.content.length > LONGEST_NONCE)
    throw new Refusal('sender_nonce_missing', 'no usable senderNonce');
}

function checkSigningTime(attributes: Attributes, { rules, clock }: OpenContext): void {
  const value = singleValue(attributes, ATTRIBUTE.signingTime);
  if (!value || !rules.signingTime) return;
  const ahead = readTime(value.tag, value.content).getTime() - clock().getTime();
  if (ahead > rules.signingTime.future || -ahead > rules.signingTime.past)
    throw new Refusal('signing_time_refused', `signingTime is ${Math.round(ahead / 1000)} s away from the present`);
}

function* signerLegacy(signer: SignerInfo, key: KeyKind): Generator<Legacy> {
  const digest = DIGESTS.find((row) => row.digest === signer.digest)?.legacy;
  if (digest) yield digest;
  yield* keyLegacy(key);
}

function* keyLegacy(key: KeyKind | undefined): Generator<Legacy> {
  if (key?.type === 'rsa' && key.bits < 2048) yield 'rsa1024';
}

/** The key that a certificate is wanted for: often not the one that signed. */
const requestedKey = (content: Content): KeyKind | undefined =>
  content.type === 'certification-request' ? content.csr.key : undefined;

function checkLegacy(used: readonly Legacy[], rules: MessageRules): void {
  const refusedOnes = used.filter((name) => !rules.legacy.has(name));
  if (refusedOnes.length)
    throw new Refusal('algorithm_refused', `legacy ${refusedOnes.join(', ')} is off at this endpoint`);
}

/** An allow-list, before anything is decrypted: unlisted types have issued certificates elsewhere. */
function readerOf({ messageType }: MessageHeader, { renewal }: MessageRules): ReadContent {
  const read = CONTENTS.get(messageType);
  if (!read) throw new Refusal('message_type_refused', `messageType ${messageType}`);
  if (messageType === 'RenewalReq' && !renewal)
    throw new Refusal('message_type_refused', 'renewal is off at this endpoint');
  return read;
}
