/** A SCEP message as plain data (RFC 8894 3): what `open` finds and what `seal` needs. Safe to send to a thread. */
import type { CertificationRequest } from '../core/request.ts';
import type { Digest, KeyTransport } from '../core/keys.ts';
import type { RefusalCode } from '../core/errors.ts';
import type { PublicKey } from '../pkix/public-key.ts';

/** messageType values of RFC 8894 3.2.1.2, and those of drafts and of Microsoft that are named in a log. */
export const MESSAGE_TYPES: Readonly<Record<string, string>> = {
  '3': 'CertRep',
  '17': 'RenewalReq',
  '18': 'UpdateReq',
  '19': 'PKCSReq',
  '20': 'CertPoll',
  '21': 'GetCert',
  '22': 'GetCRL',
  '41': 'ClaimChallengeAnswer',
};

/** What every reply needs, known as soon as the signed attributes could be read. */
export type MessageHeader = {
  /** The transactionID as text, for logs and keys. */
  transactionId: string;
  /** The attribute values as received, DER: echoed octet for octet and tag for tag. */
  transactionIdDer: Uint8Array;
  senderNonceDer: Uint8Array | undefined;
  /** The name of the messageType, or its number when it has none. */
  messageType: string;
  /** Mirrored in the reply: clients accept what they send. SHA-256 where the request's was unusable. */
  digest: Digest;
};

/** What a successful reply needs beside the header. */
export type ReplyTo = {
  /** The signer's certificate, DER: the reply is enveloped to its key, never to the requested one. */
  signerCertificate: Uint8Array;
  /** Its key, imported already; a KeyObject can be sent to a thread. */
  signerKey: PublicKey;
  transport: KeyTransport;
  /** Name of the content cipher, mirrored. */
  cipher: string;
};

/** A request that was opened, verified and decrypted. */
export type ScepRequest = {
  kind: 'request';
  header: MessageHeader;
  replyTo: ReplyTo;
  /** Legacy algorithms in use, for the log and the counter. */
  legacy: readonly string[];
  content: Content;
};

/**
 * What was in the envelope, by message type. Where nothing depends on it, nothing is said of it: a poll is answered by
 * its transactionID and its key, and a CRL is the same for whoever asks.
 */
export type Content =
  | { type: 'certification-request'; csr: CertificationRequest }
  | { type: 'poll' }
  | { type: 'get-certificate'; serialNumber: Uint8Array | undefined }
  | { type: 'get-crl' };

/** A message that can be answered, with FAILURE. `detail` is for the log and never for the wire. */
export type RefusedMessage = { kind: 'refused'; header: MessageHeader; code: RefusalCode; detail: string };

export type Opened = ScepRequest | RefusedMessage;

/** What a CertRep says (RFC 8894 3.3.2). */
export type Reply =
  | { status: 'success'; replyTo: ReplyTo; certificates: readonly Uint8Array[]; crls?: readonly Uint8Array[] }
  | { status: 'failure'; code: RefusalCode }
  | { status: 'pending' };
