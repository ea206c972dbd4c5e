/** A message to the request it makes, and the identity by which a repeat is known. */
import { hash } from 'node:crypto';
import type { CertificationRequest, EnrollmentRequest } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import type { PollKey, StoredCertificate, StoredTransaction, TransactionKey } from '../core/records.ts';
import type { ScepRequest } from '../scep/message.ts';
import type { Endpoint } from './endpoint.ts';

/** A request and the record under which it is, or will be, remembered. */
export type Recognised = {
  request: EnrollmentRequest;
  transaction: Pick<StoredTransaction, 'key' | 'endpoint' | 'transactionId' | 'signer' | 'subject'>;
  /** A certificate of ours signed the message, and this is what we know of it. */
  signedBy?: StoredCertificate;
};

/** Throws Refusal `signer_key_mismatch` where the endpoint demands one key. */
export function recognise(
  scep: Pick<ScepRequest, 'header' | 'replyTo'>,
  csr: CertificationRequest,
  signedBy: StoredCertificate | undefined,
  endpoint: Endpoint,
): Recognised {
  // RFC 8894 2.3 speaks of one key; Windows and TPM-backed clients sign with a throw-away one.
  const renews = signedBy !== undefined && speaksForItself(endpoint);
  if (endpoint.requireSignerKeyMatch && !renews && Buffer.compare(csr.spki, scep.replyTo.signerKey.spki) !== 0)
    throw new Refusal('signer_key_mismatch', 'the message is signed with another key than the requested one');
  return recogniseAgain(scep, csr, signedBy, endpoint);
}

/** As `recognise`, for a request that was let in before. */
export function recogniseAgain(
  { header: { transactionId }, replyTo }: Pick<ScepRequest, 'header' | 'replyTo'>,
  csr: CertificationRequest,
  signedBy: StoredCertificate | undefined,
  { name }: Pick<Endpoint, 'name'>,
): Recognised {
  const signerSpki = replyTo.signerKey.spki;
  const signer = keyHash(signerSpki);
  // A renewal of the same key can be the same request octet for octet: what differs is the certificate that signed it.
  const renewed = signedBy ? [signedBy.thumbprint] : [];
  const key = transactionKey(name, transactionId, signer, sha256(csr.der), ...renewed);
  return {
    request: { endpoint: name, transactionId, csr, signerSpki },
    transaction: { key, endpoint: name, transactionId, signer, subject: csr.subjectText },
    ...(signedBy && { signedBy }),
  };
}

/** How a key is named in the store: SHA-256 of its SubjectPublicKeyInfo. */
export const keyHash = (spki: Uint8Array): string => sha256(spki);

const sha256 = (bytes: Uint8Array | string): string => hash('sha256', bytes, 'hex');

/**
 * 128 bits, because nobody gains by two requests of his own that a poll cannot tell apart, and another's take 2^128
 * tries. What is approved, or answered again, hangs on the whole hash behind them.
 */
export const POLL_DIGITS = 32;

/** Everything by which a poll can be told from others. `signer` is its `keyHash`. */
export const pollKey = (endpoint: string, transactionId: string, signer: string): PollKey =>
  digest(endpoint, transactionId, signer).slice(0, POLL_DIGITS);

const transactionKey = (endpoint: string, transactionId: string, signer: string, ...parts: string[]): TransactionKey =>
  pollKey(endpoint, transactionId, signer) + digest(endpoint, transactionId, signer, ...parts);

// The parts are separated by their lengths, so that no two requests share one key by shifting octets between them.
const digest = (...parts: readonly string[]): string => sha256(parts.map((part) => `${part.length}:${part}`).join());

/** Whether a live certificate is permission to renew itself here. Intune wants to decide about renewals too. */
export const speaksForItself = ({ policy, renewal }: Endpoint): boolean => !policy.decidesRenewals && renewal !== false;
