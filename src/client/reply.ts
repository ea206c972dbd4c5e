/**
 * Reads and verifies the reply of a SCEP server (RFC 8894 3.3.2). Nothing in it is used before its signature was
 * verified.
 */
import { catchDerError, DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { type Attributes, singleValue } from '../cms/attributes.ts';
import { readDerOrBer } from '../cms/content-info.ts';
import type { ContentCipher } from '../cms/algorithms.ts';
import { openAgreedEnvelope } from '../cms/agreed-envelope.ts';
import { chooseRecipient, type EnvelopedData, openEnvelopedData, readEnvelopedData } from '../cms/enveloped-data.ts';
import { openPasswordEnvelope } from '../cms/password-envelope.ts';
import { readSignedData, type SignedData, type SignerInfo, verifySigner } from '../cms/signed-data.ts';
import { equalBytes } from '../core/bytes.ts';
import type { RandomBytes } from '../core/environment.ts';
import { FAIL_INFO, type FailInfo } from '../core/errors.ts';
import { UnsupportedAlgorithm } from '../pkix/algorithm-names.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { keyIdentifier } from '../pkix/extensions.ts';
import type { PublicKey } from '../pkix/public-key.ts';
import { SCEP_ATTRIBUTE } from '../scep/message-attributes.ts';
import { caKey, unsupportedKeys } from './ca-key.ts';
import type { ClientSigner } from './request-message.ts';

/**
 * A verified reply. Certificates and CRLs are DER. `hresult` is the error number of Microsoft servers, a signed
 * integer.
 */
export type CertRep =
  | { status: 'success'; certificates: Uint8Array[]; crls: Uint8Array[] }
  | { status: 'failure'; failInfo: FailInfo | 'unknown'; text: string | undefined; hresult: number | undefined }
  | { status: 'pending' };

/** The answer of the server is malformed, not authentic, or not a reply to this request. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

/** What a reply is checked against. */
export type ExpectedReply = {
  transactionId: string;
  senderNonce: Uint8Array;
  /** The certificates of GetCACert, DER. One of them must have signed the reply. */
  trusted: readonly Uint8Array[];
  /** The signer of the request. The reply is encrypted to its key. */
  signer: ClientSigner;
  /** The challenge of the request: with a key that only signs, the reply may be encrypted with it (RFC 8894 3.1). */
  challenge?: string | undefined;
  random: RandomBytes;
};

/** What `read` returns. Throws ReplyError in place of DerError. */
export async function readingReply<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof UnsupportedAlgorithm) throw new ReplyError(cause.message, { cause });
    if (!(cause instanceof DerError)) throw cause;
    throw new ReplyError(`the reply is malformed: ${cause.message}`, { cause });
  }
}

/** Reads a CertRep. Throws ReplyError when it is malformed, or its signature, transaction or nonce is wrong. */
export const readCertRep = (bytes: Uint8Array, expected: ExpectedReply): Promise<CertRep> =>
  readingReply(() => readVerified(bytes, expected));

async function readVerified(bytes: Uint8Array, expected: ExpectedReply): Promise<CertRep> {
  const data = readDerOrBer(bytes, readSignedData);
  const signer = data.signers[0];
  if (!signer || data.signers.length !== 1) throw new ReplyError('the reply is not signed exactly once');
  if (!signer.algorithm || !signer.digest) throw unsupportedSignature(signer);
  if (!expected.trusted.some((der) => isSignedBy(data, signer, der))) throw notTrusted(expected.trusted);
  const { attributes } = signer;
  if (text(attributes, SCEP_ATTRIBUTE.transactionId) !== expected.transactionId)
    throw new ReplyError('the reply belongs to another transaction');
  const nonce = singleValue(attributes, SCEP_ATTRIBUTE.recipientNonce);
  if (!nonce || !equalBytes(nonce.content, expected.senderNonce))
    throw new ReplyError('the recipientNonce of the reply is not the nonce of the request: it may be an old one');
  if (text(attributes, SCEP_ATTRIBUTE.messageType) !== '3') throw new ReplyError('the reply is not a CertRep');
  return readStatus(attributes, data, expected);
}

function unsupportedSignature({ digest, digestOid, algorithmIdentifier }: SignerInfo): UnsupportedAlgorithm {
  if (!digest) return new UnsupportedAlgorithm('the digest of the reply', digestOid);
  return new UnsupportedAlgorithm(
    'the signature algorithm of the reply',
    DerReader.over(algorithmIdentifier).sequence().oid(),
  );
}

/** A certificate with a key that cannot be read may have signed the reply. */
const notTrusted = (trusted: readonly Uint8Array[]): ReplyError =>
  new ReplyError(['the reply is not signed by the RA that GetCACert names', ...unsupportedKeys(trusted)].join('. '));

function isSignedBy(data: SignedData, signer: SignerInfo, certificate: Uint8Array): boolean {
  const key = readableKey(certificate);
  return key !== undefined && verifySigner(data, signer, key);
}

/** Undefined for a CA of GetCACert whose type of key is not supported: it cannot have signed the reply. */
const readableKey = (certificate: Uint8Array): PublicKey | undefined =>
  catchDerError(
    () => caKey(certificate),
    () => undefined,
  );

async function readStatus(attributes: Attributes, data: SignedData, expected: ExpectedReply): Promise<CertRep> {
  const status = text(attributes, SCEP_ATTRIBUTE.pkiStatus);
  if (status === '3') return { status: 'pending' };
  if (status === '2') return readFailure(attributes);
  if (status !== '0' || !data.message) throw new ReplyError(`the reply has pkiStatus ${status}`);
  return { status: 'success', ...(await openSuccess(data.message, expected)) };
}

function readFailure(attributes: Attributes): CertRep {
  const number = Number(text(attributes, SCEP_ATTRIBUTE.failInfo));
  const failInfo = (Object.keys(FAIL_INFO) as FailInfo[]).find((name) => FAIL_INFO[name] === number) ?? 'unknown';
  const hresult = text(attributes, SCEP_ATTRIBUTE.microsoftError);
  return {
    status: 'failure',
    failInfo,
    text: text(attributes, SCEP_ATTRIBUTE.failInfoText),
    hresult: hresult === undefined ? undefined : Number(hresult),
  };
}

async function openSuccess(
  message: Uint8Array,
  expected: ExpectedReply,
): Promise<{ certificates: Uint8Array[]; crls: Uint8Array[] }> {
  const enveloped = readDerOrBer(message, readEnvelopedData);
  const { cipher } = enveloped;
  const plaintext = cipher && (await opened({ ...enveloped, cipher }, expected));
  if (!plaintext) throw new ReplyError('the certificate in the reply is not encrypted to the signer of the request');
  const { certificates, crls } = readDerOrBer(plaintext, readSignedData);
  return { certificates, crls };
}

type Envelope = EnvelopedData & { cipher: ContentCipher };

/** The decrypted content; undefined when it is encrypted neither to the signer of the request nor with the challenge. */
async function opened(enveloped: Envelope, expected: ExpectedReply): Promise<Uint8Array | undefined> {
  const { challenge } = expected;
  const content = await openedBySigner(enveloped, expected);
  return content ?? (challenge === undefined ? undefined : openPasswordEnvelope(enveloped, challenge));
}

async function openedBySigner(enveloped: Envelope, { signer, random }: ExpectedReply): Promise<Uint8Array | undefined> {
  const certificate = readCertificate(signer.certificate);
  const own = { certificate, keyIdentifier: keyIdentifier(certificate.spki), key: signer.key };
  if (signer.key.agree) return openAgreedEnvelope(enveloped, own);
  if (!signer.key.decrypt) return undefined;
  const chosen = chooseRecipient(enveloped, [own]);
  const transport = chosen?.recipient.transport;
  if (!transport) return undefined;
  return openEnvelopedData(enveloped, { recipient: { ...chosen.recipient, transport }, key: chosen.key }, random);
}

function text(attributes: Attributes, type: string): string | undefined {
  const value = singleValue(attributes, type);
  return value && DerReader.over(value.der).string();
}
