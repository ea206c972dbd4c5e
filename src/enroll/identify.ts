/** From a message to the enrolment it asks for, and the identity by which a repeated request is recognised. */
import { hash } from 'node:crypto';
import { equalBytes } from '../core/bytes.ts';
import type { CertificationRequest, EnrollmentRequest } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import { POLL_DIGITS } from '../core/poll-key.ts';
import type { PollKey, RequestKey, StoredTransaction, TransactionKey } from '../core/records.ts';
import { isMlDsa } from '../pkix/ml-dsa.ts';
import type { CertificateView } from '../pkix/certificate.ts';
import type { ScepRequest } from '../scep/message.ts';
import type { Endpoint, EndpointContext } from './endpoint.ts';
import { type KnownCertificate, obstacleTo } from './renewal.ts';

/** What was signed: the message, the request in it or for it, and the certificate that signed, if this server or an earlier CA made it. */
export type SignedRequest = {
  message: Pick<ScepRequest, 'header' | 'replyTo'>;
  csr: CertificationRequest;
  signedBy: KnownCertificate | undefined;
};

/** One enrolment on its way through the line. `signal` ends the time that it may take. */
export type Enrollment = EndpointContext & {
  request: EnrollmentRequest;
  /** The identity under which it is recorded. */
  transaction: Pick<
    StoredTransaction,
    'key' | 'request' | 'nonces' | 'endpoint' | 'transactionId' | 'signer' | 'subject'
  >;
  /** The certificate in the message, whose key signed it: often one that the client made for this purpose. */
  signerCertificate: CertificateView;
  signedBy?: KnownCertificate;
  /** Why `signedBy` may not be renewed by this request. Then the policy decides, as for any other signer. */
  obstacle?: string;
  /** What is recorded for the same request, where something is. */
  earlier?: StoredTransaction;
  /** No message of a device: a job goes on with the order. */
  isAlone?: true;
  signal: AbortSignal;
};

/**
 * The enrolment that a signed request asks for. Throws Refusal `signer_key_mismatch` where the endpoint demands that the
 * requested key signs (RFC 8894 2.3). It is not the default: Windows and clients with a TPM sign with a throw-away key.
 */
export function identify(signed: SignedRequest, context: EndpointContext): Enrollment {
  const { message, csr, signedBy } = signed;
  const { endpoint, services, waits } = context;
  const obstacle = signedBy && (needsChallenge(message, endpoint) ?? obstacleTo(signedBy, csr, context));
  const renewed = obstacle === undefined ? signedBy : undefined;
  checkSigner(signed, endpoint, renewed);
  const { transactionId } = message.header;
  const transaction = transactionOf(signed, endpoint, renewed);
  return {
    endpoint,
    services,
    ...(waits && { waits }),
    request: {
      endpoint: endpoint.name,
      transactionId,
      csr,
      signerSpki: message.replyTo.signerKey.spki,
      requestKey: orderKey(transaction.request),
      ...(renewed && { renews: { serial: renewed.record.serial, certificate: renewed.record.der } }),
    },
    transaction,
    signerCertificate: message.replyTo.signerCertificate,
    ...(signedBy && { signedBy }),
    ...(obstacle !== undefined && { obstacle }),
    signal: services.deadline(),
  };
}

/** A certificate that renews itself needs no challenge, and without one the reply cannot be encrypted to a key that only signs. */
const needsChallenge = ({ replyTo }: SignedRequest['message'], endpoint: Endpoint): string | undefined =>
  isMlDsa(replyTo.signerKey.kind.type) && allowsSelfRenewal(endpoint)
    ? 'has a key to which no reply can be encrypted, so that the challenge counts'
    : undefined;

function checkSigner({ message, csr }: SignedRequest, endpoint: Endpoint, renewed: KnownCertificate | undefined): void {
  const renews = renewed !== undefined && allowsSelfRenewal(endpoint);
  if (endpoint.requireSignerKeyMatch && !renews && !equalBytes(csr.spki, message.replyTo.signerKey.spki))
    throw new Refusal('signer_key_mismatch', 'the message is signed with another key than the requested one');
}

function transactionOf(
  { message, csr }: SignedRequest,
  { name }: Endpoint,
  renewed: KnownCertificate | undefined,
): Enrollment['transaction'] {
  const { transactionId, senderNonceDer } = message.header;
  const signer = keyHash(message.replyTo.signerKey.spki);
  const csrHash = sha256(csr.der);
  // A renewal with the same key can be the same CSR, octet for octet; only the certificate that signs it differs.
  const renews = renewed ? [renewed.record.thumbprint] : [];
  return {
    key: transactionKey(name, transactionId, signer, [csrHash, ...renews]),
    request: identityOf(name, csrHash) + (renewed?.record.thumbprintSha256 ?? ''),
    nonces: senderNonceDer ? [Buffer.from(senderNonceDer).toString('hex')] : [],
    endpoint: name,
    transactionId,
    signer,
    subject: csr.subjectText,
  };
}

const identityOf = (endpoint: string, csrHash: string): RequestKey => digest([endpoint, csrHash]);

/** What `requestKey` of a request that renews nothing is. */
export const requestKeyOf = (endpoint: string, csr: Uint8Array): string => identityOf(endpoint, sha256(csr));

/** `requestKey` of a request with this identity: of one length, because CAs take keys of up to 64 characters. */
export const orderKey = (request: RequestKey): string => (request.length === 64 ? request : sha256(request));

/** The name of a key in the store: SHA-256 of its SubjectPublicKeyInfo, lower-case hexadecimal. */
export const keyHash = (spki: Uint8Array): string => sha256(spki);

const sha256 = (bytes: Uint8Array | string): string => hash('sha256', bytes, 'hex');

/** Everything by which a poll can be told from others. `signer` is its `keyHash`. */
export const pollKey = (endpoint: string, transactionId: string, signer: string): PollKey =>
  digest([endpoint, transactionId, signer]).slice(0, POLL_DIGITS);

/** The key of a transaction. `parts`: the hash of the request, and of the certificate that it renews. */
export const transactionKey = (
  endpoint: string,
  transactionId: string,
  signer: string,
  parts: readonly string[],
): TransactionKey => pollKey(endpoint, transactionId, signer) + digest([endpoint, transactionId, signer, ...parts]);

// Each part is preceded by its length: otherwise octets could move from one part to the next without changing the hash.
const digest = (parts: readonly string[]): string => sha256(parts.map((part) => `${part.length}:${part}`).join());

/** Whether a valid certificate is enough to renew itself here. Intune decides about renewals too. */
export const allowsSelfRenewal = ({ policy, renewal }: Endpoint): boolean =>
  !policy.decidesRenewals && renewal !== false;
