/**
 * The contract of every store, and the one rule behind it: one transaction per outcome. A certificate, its transaction,
 * the audit entry and the pending notification are either all recorded or none of them.
 */
import type { RevocationReason } from './issuer.ts';
import type { Notification } from './notification.ts';
import type {
  AuditEntry,
  CertificateState,
  NewChallenge,
  PollKey,
  StoredCertificate,
  StoredChallenge,
  PendingNotification,
  StoredTransaction,
  TransactionKey,
} from './records.ts';

/** Everything that becomes true when a certificate is issued. */
export type Issuance = {
  transaction: Pick<StoredTransaction, 'key' | 'endpoint' | 'transactionId' | 'signer' | 'subject'>;
  certificate: StoredCertificate;
  audit: AuditEntry;
  /** Owed to the authoriser; with `strict` the certificate's state is `issued`, else `delivered`. */
  notification?: { notification: Notification; mode: 'strict' | 'outbox' };
  /** A one-time challenge that this issuance uses up. */
  consumes?: string;
  /** Serial of the certificate that stood under the key before, and no longer answers a repeat: not a duplicate. */
  supersedes?: string;
};

/**
 * `recorded`: it is now true, and `notificationId` names the notification if there is one.
 * `duplicate`: a live certificate was recorded under the same key first, or an administrator rejected the request;
 * nothing was written.
 * `consumed`: the one-time challenge was used up by another request; nothing was written.
 */
export type RecordResult =
  | { kind: 'recorded'; notificationId?: number }
  | { kind: 'duplicate'; existing: StoredTransaction }
  | { kind: 'consumed' };

/** Everything that becomes true when a request begins to wait. */
export type Pending = {
  transaction: Pick<StoredTransaction, 'key' | 'endpoint' | 'transactionId' | 'signer' | 'subject' | 'reason' | 'csr'>;
  audit: AuditEntry;
  /** A one-time challenge that is used up by waiting, so that it cannot serve a second request meanwhile. */
  consumes?: string;
  /** As in `Issuance`. */
  supersedes?: string;
};

/** As `RecordResult`, for a request that begins to wait. */
export type PendingResult =
  | { kind: 'recorded' }
  | { kind: 'duplicate'; existing: StoredTransaction }
  | { kind: 'consumed' };

/** Which certificates to list; whatever is absent limits nothing. */
export type CertificateFilter = {
  endpoint?: string;
  state?: CertificateState;
  /** Substring of the subject, case-insensitive. */
  subject?: string;
  limit?: number;
  /** Newest first; pass the last serial of a page to go on after it. */
  after?: string;
};

/**
 * The store. Every write resolves after it is durable. Writes of the same moment may share one commit.
 * Implementations: store/ (SQLite; one schema that PostgreSQL can share), and `testing/store-contract.ts` tests each.
 */
export interface Store {
  findTransaction(key: TransactionKey): Promise<StoredTransaction | undefined>;
  /** The newest transaction whose key begins so: what a poll can mean. */
  findPolled(key: PollKey): Promise<StoredTransaction | undefined>;
  findCertificate(serial: string): Promise<StoredCertificate | undefined>;
  listCertificates(filter: CertificateFilter): Promise<StoredCertificate[]>;
  /** Revoked certificates only ever become more: while their number is the same, they are the same. */
  countRevoked(): Promise<number>;

  /**
   * Replaces a transaction under the same key that is pending or approved, whose certificate is revoked, or whose
   * certificate the issuance supersedes (that one stays in the list of certificates as it is).
   */
  recordIssued(issuance: Issuance): Promise<RecordResult>;
  /**
   * Writes a pending transaction and returns `recorded`, unless one exists under this key that still stands: then
   * nothing is written, and it is returned. An issued one whose certificate is revoked or superseded does not stand.
   */
  recordPending(pending: Pending): Promise<PendingResult>;
  /** Removes a transaction that waits, after whoever decides has said no. One that does not wait stays. */
  withdrawPending(key: TransactionKey): Promise<void>;
  /**
   * Erases the requests of transactions that wait as `unreachable` since before the first moment, and removes whatever
   * waits, approved or not, since before the second.
   */
  forgetRequests(unreachableBefore: Date, anyBefore: Date): Promise<void>;
  /** Oldest first. */
  listPending(): Promise<StoredTransaction[]>;
  /** Moves a pending transaction on. Returns false when it is not pending. */
  decidePending(key: TransactionKey, decision: 'approved' | 'rejected', audit: AuditEntry): Promise<boolean>;

  /** The authoriser accepted: the notification is done, and a certificate that waited for it is `delivered`. */
  acknowledgeNotification(notificationId: number, serial: string | undefined, audit: AuditEntry): Promise<void>;
  /** Not accepted now, to be tried again at `dueAt`. */
  postponeNotification(notificationId: number, dueAt: Date): Promise<void>;
  /** Given up: the notification is done. A certificate still `issued` becomes `revoked`, never delivered. */
  abandonNotification(notificationId: number, serial: string | undefined, audit: AuditEntry): Promise<void>;
  /** A notification without a certificate (a failureNotification), to be sent from the outbox. */
  recordNotification(notification: Notification): Promise<number>;
  /** Notifications of this mode that are due, oldest first. */
  dueNotifications(mode: 'strict' | 'outbox', now: Date, limit: number): Promise<PendingNotification[]>;

  /** Returns false when there is no such certificate or it is revoked already. */
  revoke(serial: string, reason: RevocationReason, audit: AuditEntry): Promise<boolean>;
  /** Newest first. */
  listAudit(filter: { serial?: string; limit?: number }): Promise<AuditEntry[]>;

  /** Returns false, and writes nothing, when `most` passwords of the endpoint are neither used nor expired. */
  addChallenge(challenge: NewChallenge, most: number): Promise<boolean>;
  /** Undefined for what was never issued for this endpoint, or expired more than a day ago. */
  findChallenge(endpoint: string, password: string): Promise<StoredChallenge | undefined>;

  /** Throws when the store cannot write. */
  check(): Promise<void>;
  close(): Promise<void>;
}
