/** A SCEP message as plain data (RFC 8894 3): the result of `open` and the input of `seal`. Safe to send to a thread. */
import type { CertificationRequest } from '../core/request.ts';
import type { Digest, KeyTransport } from '../core/keys.ts';
import type { RefusalCode } from '../core/errors.ts';
import type { CertificateView } from '../pkix/certificate.ts';
import type { PublicKey } from '../pkix/public-key.ts';

/** messageType values of RFC 8894 3.2.1.2 by number, and those of drafts and of Microsoft that a log should name. */
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

/** What every reply needs. It is known as soon as the signed attributes are read. */
export type MessageHeader = {
  /** The transactionID as text, for logs and keys. */
  transactionId: string;
  /** The attribute values as received, DER: echoed octet for octet and tag for tag. */
  transactionIdDer: Uint8Array;
  senderNonceDer: Uint8Array | undefined;
  /** The name of the messageType, or its number when it has none. */
  messageType: string;
  /** The reply uses it too, because a client accepts what it sends. SHA-256 when that of the request is unusable. */
  digest: Digest;
  /** The RA certificate, DER, that the message is encrypted to; absent when it is none of this RA. */
  recipient?: Uint8Array | undefined;
};

/** What a successful reply needs in addition to the header. */
export type ReplyTo = {
  /** The signer's certificate: the reply is encrypted to its key (RFC 8894 3.3.2), never to the requested one. */
  signerCertificate: CertificateView;
  /** Its imported key. A KeyObject can be sent to a thread. */
  signerKey: PublicKey;
  transport: KeyTransport;
  /** Name of the content cipher, the same as in the request. */
  cipher: string;
};

/** A request that was verified and decrypted. */
export type ScepRequest = {
  kind: 'request';
  header: MessageHeader;
  replyTo: ReplyTo;
  /** The legacy algorithms it uses, for the log and the counter. */
  legacy: readonly string[];
  content: Content;
};

/**
 * What was in the envelope, by message type. A poll is identified by its transactionID and key, and the CRL is the same
 * for every client, so their content is not read.
 */
export type Content =
  | { type: 'certification-request'; csr: CertificationRequest }
  | { type: 'poll' }
  | { type: 'get-certificate'; certificate: NamedCertificate | undefined }
  | { type: 'get-crl'; certificate: NamedCertificate | undefined };

/** An IssuerAndSerialNumber: `issuer` is a Name, DER, `serialNumber` content octets. */
export type NamedCertificate = { issuer: Uint8Array; serialNumber: Uint8Array };

/** A message that is answered with FAILURE. `detail` is for the log and never for the device. */
export type RefusedMessage = { kind: 'refused'; header: MessageHeader; code: RefusalCode; detail: string };

/** The result of opening a message. */
export type Opened = ScepRequest | RefusedMessage;

/**
 * The content of a CertRep (RFC 8894 3.3.2). Certificates and CRLs are DER; `text` replaces that of the code. `password`:
 * the challenge, a secret, when it is strong enough to encrypt the reply to a signer whose key only signs.
 */
export type Reply =
  | {
      status: 'success';
      replyTo: ReplyTo;
      certificates: readonly Uint8Array[];
      crls?: readonly Uint8Array[];
      password?: string;
    }
  | { status: 'failure'; code: RefusalCode; text?: string }
  | { status: 'pending' };
