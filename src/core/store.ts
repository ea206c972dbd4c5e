/**
 * What must survive a crash, and the one contract every store keeps. One transaction per outcome: a certificate, its
 * transaction, the audit entry and the notice that is owed for it are either all there or none of them.
 */
import type { Pend, RevocationReason } from './contracts.ts';

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

/** A message owed to the authoriser, as plain data, so that it can be sent again after a restart. */
export type Notice = SuccessNotice | FailureNotice;
/** A certificate was issued. `csr` is DER, with the challenge in it. */
export type SuccessNotice = {
  kind: 'success';
  endpoint: string;
  transactionId: string;
  csr: Uint8Array;
  /** SHA-1 of the certificate, upper-case hexadecimal. */
  thumbprint: string;
  serial: string;
  notAfter: Date;
  issuer: string;
};
/** An allowed request got no certificate. `csr` is DER, with the challenge in it. */
export type FailureNotice = {
  kind: 'failure';
  endpoint: string;
  transactionId: string;
  csr: Uint8Array;
  /** Signed 32-bit HRESULT. */
  hresult: number;
  description: string;
};

/** A notice that is still owed, and when it is tried next. `mode`: as `notify` of the `Allow` that asked for it. */
export type StoredNotice = { id: number; notice: Notice; mode: 'strict' | 'outbox'; attempts: number; dueAt: Date };

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

/** Everything that becomes true when a certificate is issued. */
export type Issuance = {
  transaction: Pick<StoredTransaction, 'key' | 'endpoint' | 'transactionId' | 'signer' | 'subject'>;
  certificate: StoredCertificate;
  audit: AuditEntry;
  /** Owed to the authoriser; with `strict` the certificate's state is `issued`, else `delivered`. */
  notice?: { notice: Notice; mode: 'strict' | 'outbox' };
  /** A one-time challenge that this issuance uses up. */
  consumes?: string;
  /** Serial of the certificate that stood under the key before, and no longer answers a repeat: not a duplicate. */
  supersedes?: string;
};

/**
 * `recorded`: it is now true, and `noticeId` names the notice if there is one.
 * `duplicate`: a live certificate was recorded under the same key first, or an administrator rejected the request;
 * nothing was written.
 * `consumed`: the one-time challenge was used up by another request; nothing was written.
 */
export type RecordResult =
  | { kind: 'recorded'; noticeId?: number }
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

/** A one-time password on its way out. The store keeps a hash of `password`, and nothing it could be got back from. */
export type NewChallenge = { endpoint: string; password: string; createdAt: Date; expiresAt: Date };
/** `id` is what `Allow.consumes` names, so that the password is used up with the certificate that it was good for. */
export type StoredChallenge = { id: string; expiresAt: Date; used: boolean };

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
 * Implementations: store/ (SQLite; one schema that PostgreSQL can share), and `test/contracts/store.ts` proves each.
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

  /** The authoriser accepted: the notice is done, and a certificate that waited for it is `delivered`. */
  noticeAccepted(noticeId: number, serial: string | undefined, audit: AuditEntry): Promise<void>;
  /** Not accepted now, to be tried again at `dueAt`. */
  noticePostponed(noticeId: number, dueAt: Date): Promise<void>;
  /** Given up: the notice is done. A certificate still `issued` becomes `revoked`, never delivered. */
  noticeAbandoned(noticeId: number, serial: string | undefined, audit: AuditEntry): Promise<void>;
  /** A notice without a certificate (a failureNotification), to be sent from the outbox. */
  recordNotice(notice: Notice): Promise<number>;
  /** Notices of this mode that are due, oldest first. */
  dueNotices(mode: 'strict' | 'outbox', now: Date, limit: number): Promise<StoredNotice[]>;

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
