/** From a message to the enrolment it asks for, and the identity by which a repeated request is recognised. */
import { hash } from 'node:crypto';
import { equalBytes } from '../core/bytes.ts';
import type { CertificationRequest, EnrollmentRequest } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import { POLL_DIGITS } from '../core/poll-key.ts';
import type { PollKey, StoredCertificate, StoredTransaction, TransactionKey } from '../core/records.ts';
import type { CertificateView } from '../pkix/certificate.ts';
import type { ScepRequest } from '../scep/message.ts';
import type { Endpoint, EndpointContext } from './endpoint.ts';

/** A certificate of this server that signed a message: its record, and the parsed certificate from the message. */
export type OwnCertificate = { record: StoredCertificate; view: CertificateView };

/** What was signed: the message, the request in it or for it, and the certificate of this server that signed, if any. */
export type SignedRequest = {
  message: Pick<ScepRequest, 'header' | 'replyTo'>;
  csr: CertificationRequest;
  signedBy: OwnCertificate | undefined;
};

/** One enrolment on its way through the line. `signal` ends the time that it may take. */
export type Enrollment = EndpointContext & {
  request: EnrollmentRequest;
  /** The identity under which it is recorded. */
  transaction: Pick<StoredTransaction, 'key' | 'endpoint' | 'transactionId' | 'signer' | 'subject'>;
  signedBy?: OwnCertificate;
  /** What is recorded under the same key, where something is. */
  earlier?: StoredTransaction;
  signal: AbortSignal;
};

/**
 * Throws Refusal `signer_key_mismatch` where the endpoint demands that the requested key signs (RFC 8894 2.3). It is not
 * the default: Windows and clients with a TPM sign with a throw-away key.
 */
export function checkSigner({ message, csr, signedBy }: SignedRequest, endpoint: Endpoint): void {
  const renews = signedBy !== undefined && allowsSelfRenewal(endpoint);
  if (endpoint.requireSignerKeyMatch && !renews && !equalBytes(csr.spki, message.replyTo.signerKey.spki))
    throw new Refusal('signer_key_mismatch', 'the message is signed with another key than the requested one');
}

/** The enrolment that a signed request asks for. */
export function identify({ message, csr, signedBy }: SignedRequest, context: EndpointContext): Enrollment {
  const { endpoint, services } = context;
  const { name } = endpoint;
  const { transactionId } = message.header;
  const signerSpki = message.replyTo.signerKey.spki;
  const signer = keyHash(signerSpki);
  // A renewal with the same key can be the same CSR, octet for octet; only the certificate that signs it differs.
  const renewed = signedBy ? [signedBy.record.thumbprint] : [];
  const key = transactionKey(name, transactionId, signer, [sha256(csr.der), ...renewed]);
  return {
    endpoint,
    services,
    request: { endpoint: name, transactionId, csr, signerSpki },
    transaction: { key, endpoint: name, transactionId, signer, subject: csr.subjectText },
    ...(signedBy && { signedBy }),
    signal: services.deadline(),
  };
}

/** The name of a key in the store: SHA-256 of its SubjectPublicKeyInfo, lower-case hexadecimal. */
export const keyHash = (spki: Uint8Array): string => sha256(spki);

const sha256 = (bytes: Uint8Array | string): string => hash('sha256', bytes, 'hex');

/** Everything by which a poll can be told from others. `signer` is its `keyHash`. */
export const pollKey = (endpoint: string, transactionId: string, signer: string): PollKey =>
  digest([endpoint, transactionId, signer]).slice(0, POLL_DIGITS);

const transactionKey = (
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
