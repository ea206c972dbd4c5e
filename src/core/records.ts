/** What the store records: certificates, transactions, pending notifications, the audit and one-time passwords. */
import type { OrderReason, RevocationReason } from './issuer.ts';
import type { Notification } from './notification.ts';
import type { Allow, Pend } from './policy.ts';

/**
 * Identity of a certificate: who issued it, and the serial number that this issuer gave it (RFC 5280 4.1.2.2).
 * `issuerId` is SHA-256, lower-case hexadecimal, over the name and the key of the issuer. A certificate from before
 * issuers were recorded has `unconfirmed:` and a hash, until its issuer is registered. `serial` is lower-case
 * hexadecimal without leading zero octets.
 */
export type CertificateId = { issuerId: string; serial: string };

/** Kinds of names by which a certificate can be found. `email` is of the subject or of the subjectAltName. */
export type CertificateNameKind = 'cn' | 'upn' | 'dns' | 'email' | 'uri' | 'ip' | 'intuneDeviceId' | 'entraDeviceId';

/** One name in a certificate. Names are compared without regard to case. */
export type CertificateName = { kind: CertificateNameKind; value: string };

/** One name in the subject or the subjectAltName of a request. `serialNumber`: the attribute of the subject. */
export type RequestName = { kind: CertificateNameKind | 'serialNumber'; value: string };

/**
 * The life of a certificate. `issued`: signed and recorded; it is delivered after the authorizer has acknowledged its
 * notification (`notify: strict`). `delivered`: may be sent to the device, now and again on a repeat. `revoked`: never
 * again. A certificate that went from `issued` to `revoked` was never delivered: `deliveredAt` is absent.
 */
export type CertificateState = 'issued' | 'delivered' | 'revoked';

/** One certificate that was issued, and its state. */
export type StoredCertificate = CertificateId & {
  endpoint: string;
  transactionId: string;
  /** RFC 4514. */
  subject: string;
  issuer: string;
  /** SHA-1 of the DER, upper-case hexadecimal: what Windows and Intune call the thumbprint. */
  thumbprint: string;
  /** SHA-256 of the DER, lower-case hexadecimal. */
  thumbprintSha256: string;
  /**
   * SHA-256 of the SubjectPublicKeyInfo in its standard form (see `readKey`), lower-case hexadecimal. Empty for a certificate of an earlier version that
   * cannot be read.
   */
  publicKeyHash: string;
  /** The certificate that this one renews. It can be of an earlier CA, and then it is not recorded itself. */
  renews?: CertificateId;
  /** When the first certificate of its line of renewals was issued; its own `issuedAt` when it renews none. */
  firstIssuedAt: Date;
  /** Number of the part of the revocation list that this certificate belongs to. */
  crlShard: number;
  /** Empty since it was removed, a time after the certificate had ended: see OldRecordStore. */
  der: Uint8Array;
  /** Its subjectAltNames as `type:text`, with blanks between, where its DER was removed and had some. */
  alternativeNames?: string;
  /** What the CA calls the order of this certificate, if it has a name for it. */
  reference?: string;
  notBefore: Date;
  notAfter: Date;
  state: CertificateState;
  issuedAt: Date;
  deliveredAt?: Date;
  revokedAt?: Date;
  revocationReason?: RevocationReason;
  /** When an administrator imported it: another program issued it, `issuedAt` is its notBefore, and it has no request. */
  importedAt?: Date;
};

/**
 * Identity of a transaction: its PollKey, followed by SHA-256 over endpoint name, transactionID, signer key, CSR and, for
 * a renewal, signer certificate; 96 lower-case hexadecimal digits.
 */
export type TransactionKey = string;

/**
 * Identity of a certification request: SHA-256 over endpoint name and PKCS#10, 64 lower-case hexadecimal digits, for a
 * renewal followed by SHA-256 of the certificate that it renews, 64 digits. Two messages with the same one are the same
 * request, whatever key signed them. One without a renewal also names the renewals by the same PKCS#10.
 */
export type RequestKey = string;

/** What a poll can name: 32 digits of SHA-256 over endpoint name, transactionID and signer key. */
export type PollKey = string;

/** The life of a request. `approved`: by an administrator; the certificate is made when the device asks again. */
export type TransactionState = 'pending' | 'approved' | 'issued' | 'rejected';

/** Why a request waits: what the policy said, or `issuer`, when the CA has not decided yet. */
export type PendingReason = Pend['reason'] | 'issuer';

/**
 * A request that the CA has not decided: its reference at the CA, absent while the CA has not said that it has taken it; when to ask next; and
 * what the policy allowed, because the policy is not called again. `consumes` can be a secret: it is erased together with the CSR.
 * `ca`: issuerId of the CA that was asked. `renews`: the certificate that the request renews; `lineSince`: when the first certificate of its line was issued.
 */
export type PendingIssuance = Pick<
  Allow,
  'notify' | 'vouchesForNames' | 'vouchesForPurposes' | 'withinRenewed' | 'facts' | 'consumes'
> & {
  reference?: string;
  ca?: string;
  retryAt: Date;
  renews?: CertificateId;
  lineSince?: Date;
};

/** One request, and its state. */
export type StoredTransaction = {
  key: TransactionKey;
  request: RequestKey;
  /** The senderNonce of every message with this request that was decided, hexadecimal. */
  nonces: readonly string[];
  endpoint: string;
  transactionId: string;
  /** SHA-256 of the SubjectPublicKeyInfo of the signer, lower-case hexadecimal. A poll must come from the same key. */
  signer: string;
  subject: string;
  state: TransactionState;
  reason?: PendingReason;
  /**
   * The PKCS#10 request, DER, while it waits, because a poll has none. It contains the challenge, a secret, so it is
   * erased when the request is issued or rejected, and when the challenge can no longer be valid.
   */
  csr?: Uint8Array;
  /** Present while `reason` is `issuer`. */
  issuance?: PendingIssuance;
  /** While it waits: the certificate that signed it, DER, if this server or an earlier CA made that. */
  signedBy?: Uint8Array;
  createdAt: Date;
  updatedAt: Date;
  /** Present when `state` is `issued`. */
  certificate?: StoredCertificate;
};

/**
 * The right to write the result of one piece of work. Every owner that takes the work gets a higher `fence`; a result
 * with a lower one is ignored, so an owner that was too slow cannot overwrite its successor's result.
 */
export type WorkClaim = { id: number; fence: number };

/** Who does a piece of work, and for how many milliseconds no other owner may take it. `owner` is one process. */
export type WorkLease = { owner: string; leaseMs: number };

/**
 * What a server wants to serve: a list with all that is revoked at this revision, made less than `keep` milliseconds ago by the
 * clock of the store.
 */
export type ListWish = { revision: number; keep: number };

/**
 * A revocation list of a CA: its CRLNumber (RFC 5280 5.2.3), the revision of which it has at least everything, when it was made,
 * and the milliseconds for which it is kept from now on.
 */
export type AgreedList = { number: number; revision: number; madeAt: Date; keptFor: number };

/**
 * The shards into which the list of a CA is split, from 1 on, and every URL that its whole list has had: the certificates of a
 * shard name its URL beside one of these.
 */
export type Shards = { number: number; urls: readonly string[] };

/**
 * What a list can be compared with. `revision` rises with each revocation and each release of a CA. `published`: the highest
 * number of its lists that a server has served, 0 before the first.
 */
export type RevocationStanding = { revision: number; published: number };

/**
 * A notification that is not acknowledged yet, and when it is tried next. `mode`: as `notify` of the `Allow` that asked
 * for it.
 */
export type PendingNotification = WorkClaim & {
  notification: Notification;
  /** The certificate that the notification reports; absent for a failure. */
  certificate?: CertificateId;
  mode: 'strict' | 'outbox';
  attempts: number;
  createdAt: Date;
  dueAt: Date;
};

/**
 * A pending notification as a list shows it: without the CSR, which contains the challenge. `lastError`: what the last
 * attempt failed with.
 */
export type ListedNotification = Omit<PendingNotification, 'notification'> &
  Pick<Notification, 'kind' | 'endpoint' | 'transactionId'> & { lastError?: string };

/** How many notifications wait in the outbox, and since when the oldest one does. */
export type OutboxStanding = { waiting: number; oldest?: Date };

/** A revocation that the CA of the certificate must still be told about. */
export type PendingRevocation = WorkClaim & {
  endpoint: string;
  /** DER. */
  certificate: Uint8Array;
  /** As in StoredCertificate. */
  reference?: string;
  reason: OrderReason;
  /** When it was revoked here, or released. */
  at: Date;
  attempts: number;
  dueAt: Date;
  /** What the last attempt failed with. */
  lastError?: string;
};

/** A pending revocation that is being recorded. */
export type NewRevocation = Pick<PendingRevocation, 'endpoint' | 'certificate' | 'reference' | 'reason' | 'at'>;

/** Whether a certificate is revoked, since when and why. */
export type RevocationStatus = 'good' | { at: Date; reason: RevocationReason };

/** A revoked certificate, as a revocation list needs it. `id` grows with every certificate of this store. */
export type RevokedCertificate = {
  id: number;
  serial: string;
  revokedAt: Date;
  reason: RevocationReason;
  notAfter: Date;
  crlShard: number;
};

/**
 * A CA that issued certificates of this store. `name` is RFC 4514 text, `nameDer` its Name, `keyIdentifier` what its
 * certificates name as authority key (RFC 5280 4.2.1.1). `authority` is the name in the configuration; one authority
 * has several issuers over time.
 */
export type IssuerRecord = {
  issuerId: string;
  name: string;
  nameDer: Uint8Array;
  keyIdentifier?: Uint8Array;
  authority?: string;
};

/** An issuer and its certificates that have not ended. `authority` as in IssuerRecord. */
export type LiveIssuer = Pick<IssuerRecord, 'issuerId' | 'name' | 'authority'> & {
  certificates: number;
  lastEnds: Date;
};

/**
 * What a recurring job did last and does next. `owner` and `leaseUntil` are present while an owner has it, which may
 * be for several runs; `lastError` when its last run failed.
 */
export type JobRecord = {
  name: string;
  fence: number;
  owner?: string;
  leaseUntil?: Date;
  startedAt?: Date;
  finishedAt?: Date;
  dueAt?: Date;
  lastError?: string;
};

/**
 * What the block list can name. `device`: its id in Intune or Entra; `user`: the user principal name; `subject`: RFC 4514;
 * `key`: SHA-256 of the SubjectPublicKeyInfo; `serial`: of a certificate, which then renews nothing.
 */
export type BlockKind = 'device' | 'user' | 'subject' | 'key' | 'serial';

/** What is blocked: a BlockKind, a colon and the value as block-name.ts writes it, with at most LONGEST_BLOCK characters. */
export type BlockName = `${BlockKind}:${string}`;

/** Characters of a BlockName: PostgreSQL refuses index entries of more than 2,704 octets. */
export const LONGEST_BLOCK = 512;

/** One entry of the block list. `by`: the name of the actor; `comment`: why. */
export type BlockEntry = { name: BlockName; at: Date; by: string; comment?: string };

/**
 * What can happen to a request or a certificate. `blocked` and `unblocked`: an entry of the block list, which `detail` names;
 * endpoint and transactionId are empty when it was not made for a certificate. `discarded`: a certificate that the CA made, and that is neither recorded
 * nor delivered; `detail` says why. `directory-approved`: what waited in the directory of the tenant that `detail` names.
 * `restored`: the store is that of a backup, which `detail` names.
 * `password-issued`: by a person or program that asked for one; the detail is its id. `messages-retried`, `message-tested`: messages to
 * people and programs. `backed-up`: an archive with the store was made. `key-wanted`: somebody asked for a key for the person whom `detail` names.
 * `key-revoked`: a key of a person was ended by somebody; `detail` names the person and says why. `key-recovered`: a key in escrow was opened by the recovery officers whom `detail` names.
 * `clock-accepted`: what is signed may be earlier than what was signed before, by a clock that was ahead.
 * `logged-in`, `login-failed`, `logged-out`: a person at the administrator's pages. `proposed`, `confirmed`, `withdrawn`: an action that
 * waits for a second person, which `detail` names.
 * `erased`: what was recorded about a person was taken away; see PersonStore.
 */
export type AuditEvent =
  | 'issued'
  | 'imported'
  | 'delivered'
  | 'never-delivered'
  | 'revoked'
  | 'released'
  | 'pending'
  | 'approved'
  | 'rejected'
  | 'notified'
  | 'notification-abandoned'
  | 'discarded'
  | 'blocked'
  | 'unblocked'
  | 'directory-approved'
  | 'restored'
  | 'clock-accepted'
  | 'erased'
  | 'logged-in'
  | 'login-failed'
  | 'logged-out'
  | 'proposed'
  | 'confirmed'
  | 'withdrawn'
  | 'password-issued'
  | 'messages-retried'
  | 'message-tested'
  | 'backed-up'
  | 'key-wanted'
  | 'key-revoked'
  | 'key-recovered'
  | 'key-link-made'
  | 'key-fetched';

/**
 * Who did it. `system` is this server without a request of a device. `name` says which person or program; `address` is
 * that of an HTTP request.
 */
export type AuditActor = { kind: 'person' | 'program' | 'device' | 'system'; name?: string; address?: string };

/** Through which part of the product: a SCEP message, a command, the API, an administrator's page, a recurring job. */
export type AuditSource = 'scep' | 'cli' | 'api' | 'page' | 'job';

/** One line of history. Entries are only added, erased as PersonStore says, and removed after their time. `issuerId` and `serial` are those of the certificate, if any. */
export type AuditEntry = Partial<CertificateId> & {
  at: Date;
  event: AuditEvent;
  endpoint: string;
  transactionId: string;
  actor: AuditActor;
  source: AuditSource;
  detail?: string;
  /** The one-time password that the request used up. */
  challenge?: UsedChallenge;
};

/** Who made a one-time password, and its id: how people name it, which says nothing about the password. */
export type ChallengeOrigin = { id: string; actor: AuditActor; source: AuditSource };

/** A one-time password that was used up. */
export type UsedChallenge = ChallengeOrigin & { createdAt: Date };

/** A one-time password that is being issued. The store keeps only a hash of `password`. */
export type NewChallenge = {
  endpoint: string;
  password: string;
  createdAt: Date;
  expiresAt: Date;
  binding?: ChallengeBinding;
  /** Absent: the history does not say which password a request has used up. */
  origin?: ChallengeOrigin;
};
/**
 * What a password is bound to: the subject of the request (RFC 4514, as `nameText` writes it), and all the subjectAltNames
 * that it may have (`dns:`, `email:`, `upn:`, `uri:` or `ip:` and the name).
 */
export type ChallengeBinding = { subject: string; san: readonly string[] };
/** A password that was issued. `id` is what `Allow.consumes` names, so that issuing the certificate uses it up. */
export type StoredChallenge = { id: string; expiresAt: Date; used: boolean; binding?: ChallengeBinding };

/** What Intune asks for, as it wrote it. `requestContext` names the request in the answer. */
export type RevocationRequest = {
  requestContext: string;
  serialNumber: string;
  issuerName?: string;
  caConfiguration?: string;
};

/** The answer to a RevocationRequest. `errorCode`: a number that Microsoft's libraries document; 0 with success. */
export type RevocationReport = { succeeded: boolean; errorCode: number; errorMessage?: string };

/** The requests of one download of a tenant. `batch`: the GUID of the download, which the answers repeat. */
export type RevocationBatch = { tenant: string; batch: string; at: Date; requests: readonly RevocationRequest[] };

/** A request that Intune has no answer to yet. `result` is present when it is decided. */
export type WaitingRevocationRequest = RevocationRequest & {
  batch: string;
  downloadedAt: Date;
  result?: RevocationReport;
};

/** Records that are removed when they are old. `der`: that of certificates, of which everything else stays. */
export type OldKind = 'transactions' | 'der' | 'audit';
