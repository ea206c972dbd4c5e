/** What the store records: certificates, transactions, pending notifications, the audit and one-time passwords. */
import type { RevocationReason } from './issuer.ts';
import type { Notification } from './notification.ts';
import type { Pend } from './policy.ts';

/**
 * The life of a certificate. `issued`: signed and recorded, but its delivery waits for somebody's word (Intune under
 * `notify: strict`). `delivered`: may be sent to the device, now and again on a repeat. `revoked`: never again.
 * A certificate that went from `issued` to `revoked` was never delivered: `deliveredAt` is absent.
 */
export type CertificateState = 'issued' | 'delivered' | 'revoked';

/** One certificate that was issued, and what became of it. */
export type StoredCertificate = {
  /** Lower-case hexadecimal without leading zero octets: the identity within this product. */
  serial: string;
  endpoint: string;
  transactionId: string;
  /** RFC 4514. */
  subject: string;
  issuer: string;
  /** SHA-1 of the DER, upper-case hexadecimal: what Windows and Intune call the thumbprint. */
  thumbprint: string;
  der: Uint8Array;
  notBefore: Date;
  notAfter: Date;
  state: CertificateState;
  issuedAt: Date;
  deliveredAt?: Date;
  revokedAt?: Date;
  revocationReason?: RevocationReason;
};

/**
 * Identity of a request: its PollKey, and behind it SHA-256 over endpoint, transactionID, signer key, CSR and, if we
 * issued it, signer certificate; 96 lower-case hexadecimal digits. Two messages with the same key are one request.
 */
export type TransactionKey = string;

/** What a poll can name: 32 digits of SHA-256 over endpoint, transactionID and signer key. */
export type PollKey = string;

/** The life of a request. `approved`: by an administrator; the certificate is made when the device asks again. */
export type TransactionState = 'pending' | 'approved' | 'issued' | 'rejected';

/** One request, and what became of it. */
export type StoredTransaction = {
  key: TransactionKey;
  endpoint: string;
  transactionId: string;
  /** SHA-256 of the SubjectPublicKeyInfo of the signer, lower-case hexadecimal. A poll must come from the same key. */
  signer: string;
  subject: string;
  state: TransactionState;
  /** Why it waits. */
  reason?: Pend['reason'];
  /**
   * The PKCS#10 request, DER, while it waits: a poll brings none. It holds the challenge, a secret, so it is erased
   * when the request is issued or rejected, and when the challenge in it can no longer be of use.
   */
  csr?: Uint8Array;
  createdAt: Date;
  updatedAt: Date;
  /** Present when `state` is `issued`. */
  certificate?: StoredCertificate;
};

/** A notification that is still owed, and when it is tried next. `mode`: as `notify` of the `Allow` that asked for it. */
export type PendingNotification = {
  id: number;
  notification: Notification;
  mode: 'strict' | 'outbox';
  attempts: number;
  dueAt: Date;
};

/** What can happen to a request or a certificate. */
export type AuditEvent =
  | 'issued'
  | 'delivered'
  | 'never-delivered'
  | 'revoked'
  | 'pending'
  | 'approved'
  | 'rejected'
  | 'notified'
  | 'notification-abandoned';

/** One line of history. Entries are only ever added. */
export type AuditEntry = {
  at: Date;
  event: AuditEvent;
  endpoint: string;
  transactionId: string;
  serial?: string;
  detail?: string;
};

/** A one-time password on its way out. The store keeps a hash of `password`, and nothing it could be got back from. */
export type NewChallenge = { endpoint: string; password: string; createdAt: Date; expiresAt: Date };
/** `id` is what `Allow.consumes` names, so that the password is used up with the certificate that it was good for. */
export type StoredChallenge = { id: string; expiresAt: Date; used: boolean };
