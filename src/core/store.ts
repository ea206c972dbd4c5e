/**
 * The contract of every store, and the one rule behind it: one transaction per outcome. A certificate, its transaction,
 * the audit entry and the pending notification are either all recorded or none of them.
 */
import type { AnswerStore } from './answer-store.ts';
import type { AttemptStore } from './attempt-store.ts';
import type { AuditChainStore, HeadSeal } from './audit-chain.ts';
import type { SearchStore } from './search-store.ts';
import type { ConditionStore } from './condition-store.ts';
import type { HourCountStore } from './hour-counts.ts';
import type { MessageStore } from './message-store.ts';
import type { NewOrder, OrderStore } from './order-store.ts';
import type { PersonStore } from './person.ts';
import type { ProposalStore } from './proposal-store.ts';
import type { SessionStore } from './session-store.ts';
import type { StandingStore } from './store-standing.ts';
import type { UserKeyStandingStore } from './user-key-standing.ts';
import type { KeyLinkStore } from './key-link-store.ts';
import type { UserKeyStore } from './user-key-store.ts';
import type { DirectoryStore } from './tenant-directory.ts';
import type { RevocationReason } from './issuer.ts';
import type { Notification } from './notification.ts';
import type {
  AgreedList,
  AuditEntry,
  BlockEntry,
  BlockName,
  CertificateId,
  CertificateName,
  CertificateState,
  IssuerRecord,
  JobRecord,
  ListedNotification,
  ListWish,
  LiveIssuer,
  NewChallenge,
  NewRevocation,
  OldKind,
  OutboxStanding,
  PendingIssuance,
  PendingNotification,
  PendingRevocation,
  PollKey,
  RequestKey,
  RevocationBatch,
  RevocationReport,
  RevocationStanding,
  Shards,
  RevocationStatus,
  RevokedCertificate,
  StoredCertificate,
  StoredChallenge,
  StoredTransaction,
  TransactionKey,
  WaitingRevocationRequest,
  WorkClaim,
  WorkLease,
} from './records.ts';

/** Everything that is recorded when a certificate is issued. */
export type Issuance = {
  transaction: Pick<
    StoredTransaction,
    'key' | 'request' | 'nonces' | 'endpoint' | 'transactionId' | 'signer' | 'subject'
  >;
  certificate: StoredCertificate;
  /** The names in the certificate by which it can be found. */
  names: readonly CertificateName[];
  audit: AuditEntry;
  /**
   * The notification for the authorizer. With `strict` the certificate's state is `issued`, else `delivered`. `lease`
   * prevents other owners from sending it while the request that issued the certificate runs.
   */
  notification?: { notification: Notification; mode: 'strict' | 'outbox'; lease?: WorkLease };
  /** A one-time challenge that this issuance uses up. */
  consumes?: string;
  /** Serial of the earlier certificate for this request, which no longer answers a repeat: it is not a duplicate. */
  supersedes?: string;
  /** The `requestKey` of the order that brought the certificate: what is `sent` of it is known now. */
  order?: string;
  /** How many renewals of one certificate there may be; those that were never delivered do not count. */
  mostRenewals?: number;
};

/**
 * `recorded`: everything was written, and `notification` is the claim on the notification if there is one.
 * `duplicate`: a certificate was recorded for the same request first, or an administrator rejected the request; nothing
 * was written.
 * `consumed`: the one-time challenge was used up by another request; nothing was written.
 * `renewed`: the certificate that it renews has `mostRenewals` renewals already; nothing was written.
 * `revoked`: meanwhile `what` was revoked; nothing was written. `key`: another certificate with its key, as compromised.
 * `renewed`: the certificate that it renews, where it has `mostRenewals`.
 */
export type RecordResult =
  | { kind: 'recorded'; notification?: WorkClaim }
  | { kind: 'duplicate'; existing: StoredTransaction }
  | { kind: 'consumed' }
  | { kind: 'renewed' }
  | { kind: 'revoked'; what: 'key' | 'renewed' };

/** Everything that is recorded when a request begins to wait. */
export type Pending = {
  transaction: Pick<
    StoredTransaction,
    | 'key'
    | 'request'
    | 'nonces'
    | 'endpoint'
    | 'transactionId'
    | 'signer'
    | 'subject'
    | 'reason'
    | 'csr'
    | 'issuance'
    | 'signedBy'
  >;
  audit: AuditEntry;
  /** A one-time challenge that is used up already now, so that a second request cannot use it in the meantime. */
  consumes?: string;
  /** As in `Issuance`. */
  supersedes?: string;
  /** How many requests of the endpoint may wait for this reason, erased ones not counted. */
  most?: number;
  /** The CA is about to be asked: the order is recorded too, and the history has no line yet. */
  order?: NewOrder;
};

/** `seen`: only if the transaction was last changed at this moment, so that of several processes one asks the CA. `audit`: it waits from now on. */
export type PostponedIssuance = { seen?: Date; audit?: AuditEntry };

/**
 * As `RecordResult`, for a request that begins to wait. `full`: `most` requests wait already; nothing was written.
 */
export type PendingResult =
  | { kind: 'recorded' }
  | { kind: 'full' }
  | { kind: 'duplicate'; existing: StoredTransaction }
  | { kind: 'consumed' };

/** A certificate that another program issued, to be recorded as if it had been issued here; it has no transaction. */
export type Import = { certificate: StoredCertificate; names: readonly CertificateName[]; audit: AuditEntry };

/**
 * `recorded`: it was written. Otherwise nothing was: `known`: this certificate is recorded already; `conflict`: another
 * certificate with this issuer and serial number is.
 */
export type ImportResult = 'recorded' | 'known' | 'conflict';

/** Which certificates to list. An absent field does not limit the list. */
export type CertificateFilter = {
  endpoint?: string;
  state?: CertificateState;
  /** Substring of the subject, case-insensitive. */
  subject?: string;
  /** The beginning of a common name, case-insensitive. Unlike `subject` an index finds it. */
  cn?: string;
  /** Exactly one of these names. */
  names?: readonly CertificateName[];
  /** SHA-1 or SHA-256 of the DER, hexadecimal in any letter case: the length says which. */
  thumbprint?: string;
  /** The beginning of the serial number, as `CertificateId` has it. */
  serialPrefix?: string;
  /** Bounds of notAfter: `from` and later, earlier than `before`. */
  ends?: { from?: Date; before?: Date };
  limit?: number;
  /** The last certificate of the page before; the list is newest first. */
  after?: CertificateId;
};

/**
 * From when on requests that wait are kept. CSRs of those that wait as `unreachable` since before `unreachable` are
 * erased; those that were erased and wait since before `erased` are removed, and all that are pending or approved since
 * before `any`.
 */
export type Forgetting = { unreachable: Date; erased: Date; any: Date };

/** Requests and their results. */
export interface TransactionStore {
  findTransaction(key: TransactionKey): Promise<StoredTransaction | undefined>;
  /**
   * The transaction of this request, or else the newest whose `request` begins with it. `key` finds one that an earlier version recorded, which
   * has no RequestKey.
   */
  findRequest(request: RequestKey, key: TransactionKey): Promise<StoredTransaction | undefined>;
  /** The newest transaction whose key begins with this one: the request that a poll asks about. */
  findPolled(key: PollKey): Promise<StoredTransaction | undefined>;
  /**
   * Replaces a transaction of the same request that is pending or approved, whose certificate was never delivered, or
   * whose certificate the issuance supersedes (the superseded certificate stays in the list of certificates).
   */
  recordIssued(issuance: Issuance): Promise<RecordResult>;
  /**
   * Writes a pending transaction and returns `recorded`. Where one exists for this request that is not replaceable,
   * nothing is written, and it is returned. An issued one whose certificate was never delivered or is superseded is
   * replaceable. No audit entry is written for `unreachable`: a client without credentials can cause any number of
   * them.
   */
  recordPending(pending: Pending): Promise<PendingResult>;
  /**
   * Replaces the `issuance` of a transaction that waits for the CA, which was asked and has still not decided, or is asked now. Returns
   * false, and writes nothing, when it does not wait for the CA, or was changed since it was `seen`.
   */
  postponeIssuance(key: TransactionKey, issuance: PendingIssuance, change?: PostponedIssuance): Promise<boolean>;
  /**
   * Removes a pending transaction, after its request was denied. One that is not pending stays. `gives`: the challenge that it has used up,
   * which can be used again then.
   */
  withdrawPending(key: TransactionKey, gives?: string): Promise<void>;
  /** Erases and removes what is older than these moments, `limit` requests at most. Returns how many it was. */
  forgetRequests(before: Forgetting, limit: number): Promise<number>;
  /** Oldest first, without `csr` and `signedBy`: there can be many, and each can be long. */
  listPending(): Promise<StoredTransaction[]>;
  /** How many there are, by endpoint; none with none. */
  countPending(): Promise<{ endpoint: string; number: number }[]>;
  /** Approves or rejects a pending transaction. Returns false when it is not pending. */
  decidePending(key: TransactionKey, decision: 'approved' | 'rejected', audit: AuditEntry): Promise<boolean>;
}

/** Certificates that were issued, and their revocation. */
export interface CertificateStore {
  findCertificate(id: CertificateId): Promise<StoredCertificate | undefined>;
  /** What verifiers are told; undefined for a serial number that this issuer never gave out. Many ask: it is to be quick. */
  revocationStatus(id: CertificateId): Promise<RevocationStatus | undefined>;
  /** One for each issuer that gave out this serial number, the newest first. */
  findCertificatesBySerial(serial: string): Promise<StoredCertificate[]>;
  /** The certificates that renew this one directly, the newest first; also when this one is not recorded. */
  findRenewals(id: CertificateId): Promise<StoredCertificate[]>;
  /** Whether a certificate with this key was revoked for keyCompromise. SHA-256 as in `publicKeyHash`. */
  isCompromised(publicKeyHash: string): Promise<boolean>;
  listCertificates(filter: CertificateFilter): Promise<StoredCertificate[]>;
  importCertificate(entry: Import): Promise<ImportResult>;
  /** How many `listCertificates` would return without a `limit`. */
  countCertificates(filter: CertificateFilter): Promise<number>;
  /**
   * Returns false when there is no such certificate or it is revoked already. One that is on hold is revoked for good by any
   * other reason, from the moment at which its hold began; a hold needs a certificate that is delivered. `tellIssuer` adds the
   * revocation to those that the CA of the certificate must be told about.
   */
  revoke(id: CertificateId, reason: RevocationReason, audit: AuditEntry, options?: TellIssuer): Promise<boolean>;
  /**
   * Ends a hold: the certificate is delivered again, and on no later list. Returns false, and writes nothing, when there is no
   * such certificate or it is not on hold. `tellIssuer` as for `revoke`.
   */
  release(id: CertificateId, audit: AuditEntry, options?: TellIssuer): Promise<boolean>;
  /**
   * One step of revoking what an issuer has issued: the next certificates that have not ended, in the order of their ids. One on
   * hold is revoked for good. The CA is told of none.
   */
  revokeAll(issuerId: string, step: RevocationStep): Promise<RevokedStep>;
  /** Of this issuer, or of one shard of it. While the revision is the same, the same certificates are revoked. */
  revocationStanding(issuerId: string, shard?: number): Promise<RevocationStanding>;
  /** Of this issuer, or of one shard of it, those with an `id` above `after`, in the order of their ids. */
  listRevoked(issuerId: string, page: { after?: number; limit: number; shard?: number }): Promise<RevokedCertificate[]>;
  /**
   * The list that every server of this store serves now. Their numbers increase, also when the clock stands still or goes back,
   * and a list of the same number is the same list.
   */
  agreeOnList(issuerId: string, wish: ListWish, shard?: number): Promise<AgreedList>;
  /**
   * Before a list is served for the first time. Returns the highest number of a list of this issuer that any server has served
   * or is about to serve; a list with a lower one must not be served any more.
   */
  publishList(issuerId: string, number: number, shard?: number): Promise<number>;
  /** Every endpoint name under which a certificate or a pending request was recorded, in alphabetical order. */
  endpointNames(): Promise<string[]>;
}

/** Whether the CA of a certificate must be told that it is revoked. */
export type TellIssuer = { tellIssuer?: boolean };

/** `after`: `last` of the step before. Each certificate has an audit entry of its own, with these fields. */
export type RevocationStep = {
  after?: number;
  limit: number;
  reason: Exclude<RevocationReason, 'certificateHold'>;
  audit: Pick<AuditEntry, 'at' | 'actor' | 'source' | 'detail'>;
};

/** `last` is absent when there was nothing left to revoke. */
export type RevokedStep = { revoked: number; last?: number };

/** When a revocation list or an OCSP response was signed last, by any server: no clock may go back behind that. */
export interface SigningStore {
  /** Undefined before the first. */
  lastSigned(): Promise<Date | undefined>;
  /** Something is signed at this moment. An earlier one than the last changes nothing. */
  noteSigning(at: Date): Promise<void>;
  /** The last moment is this one, also when it was a later one, by a clock that was ahead. */
  acceptClock(at: Date, audit: AuditEntry): Promise<void>;
}

/** The CAs that issued the certificates. */
export interface IssuerStore {
  /**
   * Adds the issuer, or what is new about it. Certificates from before issuers were recorded become its own when they
   * name the same issuer and key; where one of the two has no key identifier, the name is enough if it is unambiguous.
   */
  registerIssuer(issuer: IssuerRecord): Promise<void>;
  /** Adds to what is known of an issuer, and returns it: the highest number of shards, and all URLs. Nothing is ever taken away. */
  addShards(issuerId: string, shards: Shards): Promise<Shards>;
  /** Every issuer with certificates that end after this moment: how many, and when the last one ends. */
  liveIssuers(at: Date): Promise<LiveIssuer[]>;
}

/**
 * Notifications that the authorizer has not acknowledged yet. The three that write a result return false, and write
 * nothing, when the fence of the claim is old or the notification is done.
 */
export interface NotificationStore {
  /** The authorizer acknowledged: the notification is done, and a certificate that waited for it is `delivered`. */
  acknowledgeNotification(claim: WorkClaim, audit: AuditEntry): Promise<boolean>;
  /** Not acknowledged now: the lease ends, and the notification is tried again at `dueAt`. `error`: why; no secret. */
  postponeNotification(claim: WorkClaim, dueAt: Date, error?: string): Promise<boolean>;
  /** Given up: the notification is done. A certificate still `issued` becomes `revoked`, never delivered. */
  abandonNotification(claim: WorkClaim, audit: AuditEntry, options?: TellIssuer): Promise<boolean>;
  /** A notification without a certificate (a failureNotification), to be sent from the outbox. Returns its id. */
  recordNotification(notification: Notification): Promise<number>;
  /** Takes notifications of this mode that are due and not leased, oldest first. */
  claimNotifications(claim: WorkLease & { mode: 'strict' | 'outbox'; limit: number }): Promise<PendingNotification[]>;
  /** Of both modes, the oldest first; only the one with this `id`, if it is given. */
  listNotifications(filter: { id?: number; limit: number }): Promise<ListedNotification[]>;
  /** Makes these due now; one that an owner sends at this moment is left alone. Returns how many became due. */
  retryNotifications(ids: readonly number[] | 'all'): Promise<number>;
  outboxStanding(): Promise<OutboxStanding>;
}

/** Revocations that the CA of the certificate must still be told about. */
export interface RevocationQueue {
  /**
   * For a certificate that was signed and never recorded; the others are added by `revoke` and `abandonNotification`. The
   * audit entry is written with it.
   */
  queueRevocation(revocation: NewRevocation, audit?: AuditEntry): Promise<void>;
  /** Takes those that are due and not leased, oldest first. */
  claimRevocations(claim: WorkLease & { limit: number }): Promise<PendingRevocation[]>;
  /** The CA knows. Returns false when the fence is old or the revocation is done. */
  revocationDone(id: number, fence: number): Promise<boolean>;
  /** The lease ends, and the CA is told again at `dueAt`. Returns false when the fence is old or it is done. */
  postponeRevocation(id: number, fence: number, dueAt: Date, error: string): Promise<boolean>;
}

/** Requests of Intune to revoke certificates, by tenant: kept from their download until Intune has the answers. */
export interface RevocationRequestStore {
  /** When the last batch of this tenant was saved, an empty one too. */
  lastRevocationDownload(tenant: string): Promise<Date | undefined>;
  /** A request that is there already stays as it is, with its result. */
  saveRevocationRequests(batch: RevocationBatch): Promise<void>;
  /** In the order in which they came. */
  listRevocationRequests(tenant: string): Promise<WaitingRevocationRequest[]>;
  /** The result of one; the first one stays. */
  decideRevocationRequest(tenant: string, requestContext: string, result: RevocationReport): Promise<void>;
  /** Intune has the answers, or none is to be given. */
  removeRevocationRequests(tenant: string, requestContexts: readonly string[]): Promise<void>;
}

/** Recurring jobs, each run by one owner at a time. All times are by the clock of the store. */
export interface JobStore {
  /** Undefined when another owner holds a lease that has not expired. */
  claimJob(job: WorkLease & { name: string }): Promise<{ fence: number } | undefined>;
  /** Returns false when the fence is old or the job is finished: the owner must stop. */
  renewJob(job: WorkLease & { name: string; fence: number }): Promise<boolean>;
  /** Ends the lease. Returns false, and writes nothing, when the fence is old. */
  finishJob(job: { name: string; owner: string; fence: number; dueAt: Date; error?: string }): Promise<boolean>;
  /** By name. */
  listJobs(): Promise<JobRecord[]>;
}

/** `isCompromised`: as of the method. `hasBlocks`: the block list has an entry, whichever; most lists are empty. */
export type KeyStanding = { isCompromised: boolean; hasBlocks: boolean };

/** The block list: what gets no certificate, whatever the policy says. */
export interface BlockStore {
  /** What each request asks before all else, in one statement: whether the key is compromised, and whether there is a list at all. */
  keyStanding(publicKeyHash: string): Promise<KeyStanding>;
  /** One of these that the list has. Every request asks while the list has an entry, so it must be a look-up by an index. */
  findBlock(names: readonly BlockName[]): Promise<BlockEntry | undefined>;
  /** Returns false, and writes nothing, when the list has it. The audit entry may name a certificate. */
  addBlock(entry: BlockEntry, audit: AuditEntry): Promise<boolean>;
  /** Returns false, and writes nothing, when the list does not have it. */
  removeBlock(name: BlockName, audit: AuditEntry): Promise<boolean>;
  /** In the order of their names. */
  listBlocks(): Promise<BlockEntry[]>;
}

/** One-time passwords that this server gives out. */
export interface ChallengeStore {
  /** Returns false, and writes nothing, when `most` passwords of the endpoint are neither used nor expired. */
  addChallenge(challenge: NewChallenge, most: number): Promise<boolean>;
  /** Undefined for a password that was never issued for this endpoint, or that expired more than a day ago. */
  findChallenge(endpoint: string, password: string): Promise<StoredChallenge | undefined>;
}

/** The history of requests and certificates. It is written together with what it records. */
export interface AuditStore {
  /**
   * Newest first. Of a certificate: with the entries about its request from before it was issued. The entry of the
   * request that used up a one-time password has it as `challenge`, where the password has an `origin`.
   */
  listAudit(filter: { certificate?: CertificateId; limit?: number }): Promise<AuditEntry[]>;
  /** Adds an entry about what is recorded nowhere else. One that names a certificate is in the history of that certificate. */
  addEntry(entry: AuditEntry): Promise<void>;
}

/** When the last archive was made that has a copy of this store. */
export interface BackupStore {
  recordBackup(at: Date, audit: AuditEntry): Promise<void>;
  /** Undefined before the first. */
  lastBackup(): Promise<Date | undefined>;
}

/**
 * Which records to look at: the next `limit` of a kind. `after`: `next` of the page before. `seal` signs what is stated about entries
 * of the history that were removed.
 */
export type OldPage = { kind: OldKind; before: Date; after?: number; limit: number; seal?: HeadSeal };

/** `next` is absent when there are no more to look at. */
export type RemovedPage = { removed: number; next?: number };

/** What is not kept for ever. A certificate itself is: its serial number, subject, names, dates, state and renewals. */
export interface OldRecordStore {
  /**
   * Removes those of the page that ended before `before`. A transaction and an audit entry end with their certificate; where
   * there is none, the one when it was rejected and the other when it was written. What a request or a notification still
   * waits for stays, and so does an entry that has no link in the chain yet. Of a run of entries the chain keeps the last hash. Before the DER of certificates, the transactions of the same time must be removed: they answer with it.
   */
  removeOld(page: OldPage): Promise<RemovedPage>;
  /** Where a store keeps what is new apart from what is old: makes the place for the next months. Is called some times a day. */
  makeRoom?(): Promise<void>;
}

/** What was removed: one-time passwords, and requests that waited. */
export type VoidedWork = { challenges: number; requests: number };

/** A store that was restored from a backup. */
export interface RestoredStore {
  /**
   * Removes every one-time password, every request that waits or is approved, every session, every proposal and every file that waits to be fetched, because the store does not know
   * what became of them since; and has a new revocation list made. The audit entry is written with it.
   */
  beginAgain(audit: AuditEntry): Promise<VoidedWork>;
}

/** What every server of a database has to know. `version` begins at 1 and is one more each time it is written. */
export type VersionedSecret = { version: number; value: Uint8Array };

/** Secrets that the servers of a database share, each under its name. Sealed where the store seals. */
export interface SecretStore {
  /** Throws where the store seals and it is not sealed, or is that of another name. */
  readSecret(name: string): Promise<VersionedSecret | undefined>;
  /** Returns false, and writes nothing, unless `version` is one more than that of the store, which is 0 before the first. */
  writeSecret(secret: VersionedSecret & { name: string }): Promise<boolean>;
}

/**
 * Everything that is recorded, in one database. Every write resolves after it is durable. Writes of the same moment may
 * share one commit. `storeContract` of `openndes/testing` tests an implementation; store/ has the one on SQLite.
 */
export interface Store
  extends TransactionStore,
    CertificateStore,
    IssuerStore,
    SigningStore,
    NotificationStore,
    RevocationQueue,
    RevocationRequestStore,
    AnswerStore,
    OrderStore,
    BlockStore,
    DirectoryStore,
    ChallengeStore,
    AuditStore,
    AuditChainStore,
    OldRecordStore,
    RestoredStore,
    PersonStore,
    AttemptStore,
    HourCountStore,
    StandingStore,
    SearchStore,
    SecretStore,
    ConditionStore,
    SessionStore,
    ProposalStore,
    MessageStore,
    BackupStore,
    UserKeyStore,
    UserKeyStandingStore,
    KeyLinkStore,
    JobStore {
  /** Throws when the store cannot write. */
  check(): Promise<void>;
  close(): Promise<void>;
}
