/** The tables as kysely sees them: the one schema that every database of this product has. */
import type { MessageKind } from '../core/operator-message.ts';
import type { MessageState } from '../core/message-store.ts';
import type { Generated, Kysely } from 'kysely';
import type { AuditHead } from '../core/audit-chain.ts';
import type { AttemptOutcome } from '../core/attempt-store.ts';
import type { CountedOutcome } from '../core/hour-counts.ts';
import type { DirectoryKind } from '../core/tenant-directory.ts';
import type { OrderState } from '../core/order-store.ts';
import type { OrderReason, RevocationReason } from '../core/issuer.ts';
import type {
  AuditActor,
  AuditEvent,
  AuditSource,
  BlockName,
  CertificateNameKind,
  CertificateState,
  PendingNotification,
  PendingReason,
  TransactionState,
} from '../core/records.ts';

/** Milliseconds since 1970, UTC. Every date of the schema is one, so that both databases compare them alike. */
export type Moment = number;

/** A CA that issued certificates. `issuer_id` begins with `unconfirmed:` until the issuer is registered. */
export type IssuerTable = {
  id: Generated<number>;
  issuer_id: string;
  /** RFC 4514. */
  name: string;
  key_identifier: Uint8Array | null;
  /** The name of the authority in the configuration. */
  authority: string | null;
};

/** `id` grows with time: it is what "newest" means. `serial` and `issuer` together are unique. */
export type CertificateTable = {
  id: Generated<number>;
  issuer: number;
  serial: string;
  endpoint: string;
  transaction_id: string;
  subject: string;
  /** The subject in lower case by Unicode rules, which SQLite does not know: what a search compares with. */
  subject_folded: string;
  thumbprint: string;
  thumbprint_sha256: string;
  /** Empty for a certificate of an earlier version that cannot be read. */
  public_key_hash: string;
  /** The certificate that this one renews. */
  renews: number | null;
  /** The one that it renews, when that was of an earlier CA and is not recorded: `issuerId/serial`. */
  renews_unrecorded: string | null;
  first_issued_at: Moment;
  crl_shard: number;
  /** Null since it was removed after its time. */
  der: Uint8Array | null;
  /** As in StoredCertificate. */
  alternative_names: string | null;
  /** What the CA calls the order. */
  reference: string | null;
  not_before: Moment;
  not_after: Moment;
  state: CertificateState;
  issued_at: Moment;
  delivered_at: Moment | null;
  revoked_at: Moment | null;
  revocation_reason: RevocationReason | null;
  /** When it was imported; null where this store recorded its issuance. */
  imported_at: Moment | null;
};

/**
 * What a certificate is found by without a search in every part of its table: a table in PostgreSQL, where it also keeps
 * `serial` and `issuer` unique, and a view in SQLite. Columns as in CertificateTable.
 */
export type SerialTable = {
  certificate_id: number;
  issuer: number;
  serial: string;
  renews: number | null;
  renews_unrecorded: string | null;
};

/** What a certificate is found by: see searchable-names.ts. */
export type NameTable = { kind: CertificateNameKind; value: string; certificate_id: number };

/** One row for each revoked certificate, with only what a revocation list needs. */
export type RevocationTable = {
  certificate_id: number;
  issuer: number;
  serial: string;
  revoked_at: Moment;
  reason: RevocationReason;
  not_after: Moment;
  crl_shard: number;
};

/** One row for each list, `issuer_id` with a slash and the number of a shard: the newest. See list-numbers.ts. */
export type RevocationListTable = {
  issuer_id: string;
  number: number;
  revision: number;
  made_at: Moment;
  /** The highest number that was served. */
  published: Generated<number>;
};
/** One row for each CA whose list is split, and was ever. `urls`: JSON. See Shards. */
export type ShardTable = { issuer_id: string; number: number; urls: string };
/** How many revocations and releases an issuer has had, by the list that its certificates name: see revisions.ts. */
export type RevisionTable = { issuer: number; crl_shard: number; revision: number };

/** The keys of certificates that were revoked for keyCompromise. */
export type CompromisedKeyTable = { public_key_hash: string };

/** Every endpoint name under which anything was recorded. */
export type EndpointNameTable = { name: string };

/** One request and what became of it. `id` as in CertificateTable. */
export type TransactionTable = {
  id: Generated<number>;
  /** Begins with what a poll knows, so that one index serves both. */
  key: string;
  /** Unique. Of a row of an earlier version: its key. */
  request: string;
  /** Hexadecimal, with commas between them. */
  nonces: string;
  endpoint: string;
  transaction_id: string;
  signer: string;
  subject: string;
  state: TransactionState;
  reason: PendingReason | null;
  /** Only while it waits, because there is a secret in it. */
  csr: Uint8Array | null;
  /** See issuance-codec.ts. As the CSR only while it waits. */
  issuance: string | null;
  /** The certificate that signed it, if this server or an earlier CA made that. As the CSR only while it waits. */
  signed_by: Uint8Array | null;
  created_at: Moment;
  updated_at: Moment;
  /** The certificate, once `state` is `issued`. */
  certificate_id: number | null;
};

/** SHA-256 of each one-time challenge that is used up; the challenge itself is not recorded here. */
export type ConsumedChallengeTable = { id: string; at: Moment };

/**
 * A one-time password that was issued. `mark` is its id in `consumed_challenges` when it is used up; `binding` a
 * ChallengeBinding as JSON.
 */
export type ChallengeTable = {
  mark: string;
  endpoint: string;
  created_at: Moment;
  expires_at: Moment;
  binding: string | null;
  /** A ChallengeOrigin as JSON. */
  origin: string | null;
};

/**
 * Who works on a row and until when no other owner may take it. `fence` rises each time an owner takes the row; a result
 * is written only with the current one.
 */
type LeaseColumns = { owner: string | null; lease_until: Moment | null; fence: number };

/** A notification that is not done. Its row is deleted when it is done, because the payload holds a secret. */
export type NotificationTable = LeaseColumns & {
  /** Never used again after its row is deleted. */
  id: Generated<number>;
  mode: PendingNotification['mode'];
  /** See notification-codec.ts. */
  payload: string;
  attempts: number;
  created_at: Moment;
  due_at: Moment;
  last_error: string | null;
  /** The certificate that it reports. */
  certificate_id: number | null;
};

/** A revocation that the CA of the certificate does not know yet. Its row is deleted when the CA knows. */
export type OwedRevocationTable = LeaseColumns & {
  id: Generated<number>;
  endpoint: string;
  certificate: Uint8Array;
  reference: string | null;
  reason: OrderReason;
  revoked_at: Moment;
  attempts: number;
  due_at: Moment;
  last_error: string | null;
};

/** One row for each entry of the block list. */
export type BlockTable = { name: BlockName; at: Moment; actor: string; comment: string | null };

/** One row for each tenant whose directory was ever listed. `links`: JSON, by kind. See DirectoryStanding. */
export type DirectoryStandingTable = {
  tenant: string;
  listing: number;
  listed_at: Moment | null;
  next_at: Moment | null;
  links: string;
  error: string;
  waiting: number;
  counted_at: number;
  approved: number;
  accepts_loss: number;
};

/** One row for each object that was ever listed. `gone_since` is the number of a listing. */
export type DirectoryObjectTable = {
  tenant: string;
  kind: DirectoryKind;
  id: string;
  name: string;
  gone_since: number | null;
};

/** The certificates that count against the bound of a tenant, until they do not any more. */
export type DirectoryRevocationTable = { tenant: string; issuer_id: string; serial: string; at: Moment };

/** A request of Intune to revoke a certificate. Its row is deleted when Intune has the answer. */
export type RevocationRequestTable = {
  id: Generated<number>;
  tenant: string;
  request_context: string;
  batch: string;
  serial_number: string;
  issuer_name: string | null;
  ca_configuration: string | null;
  downloaded_at: Moment;
  /** A RevocationResult as JSON. */
  result: string | null;
};

/** One row for each tenant: when its requests were downloaded last. */
export type RevocationDownloadTable = { tenant: string; at: Moment };

/** One row for each recurring job that ever ran. */
export type JobTable = LeaseColumns & {
  name: string;
  started_at: Moment | null;
  finished_at: Moment | null;
  due_at: Moment | null;
  last_error: string | null;
};

/** One line of history. Rows are only added, erased as PersonStore says, and removed after their time. */
export type AuditTable = {
  id: Generated<number>;
  at: Moment;
  event: AuditEvent;
  endpoint: string;
  transaction_id: string;
  serial: string | null;
  detail: string | null;
  /** The certificate that the entry is about. Unlike serial numbers it grows, so its index grows at one end. */
  certificate_id: number | null;
  actor: AuditActor['kind'];
  actor_name: string | null;
  actor_address: string | null;
  source: AuditSource;
  /** Of an entry about a request that waited: `request` of its transaction. The entry of its issuance has both. */
  request: string | null;
  /** See challenges.ts. */
  challenge: string | null;
};

/** One row for each entry of the history that has no link yet. */
export type AuditUnchainedTable = { id: number };

/** One link of the chain over the history. `entry`: a row of `audit`. Octets as in AuditLink. */
export type AuditChainTable = {
  number: number;
  entry: number;
  hash: Uint8Array;
  /** Null since the fields about a person were erased. */
  salt: Uint8Array | null;
  /** Null until then. */
  personal: Uint8Array | null;
};

/** What was stated about the chain: see StoredHead. */
export type AuditHeadTable = {
  kind: AuditHead['kind'];
  number: number;
  first: number;
  hash: Uint8Array;
  at: Moment;
  signature: Uint8Array | null;
  key: string | null;
};

/**
 * What the servers of one database share: the proof of their key (secrets-check.ts), and what SecretStore keeps. `value`: what
 * is sealed, in base64. Empty where nothing is sealed.
 */
export type SecretTable = { name: string; version: number; value: string };

/** One row, rewritten by each `check()`: the proof that the disk takes writes. */
export type WriteCheckTable = { id: number; at: Moment };

/** One row: how many of the migrations this database has been through, and OLDEST_BESIDE of the version that applied them. */
export type SchemaVersionTable = { id: number; version: number; oldest: Generated<number> };

/** One row for each server of this database that is alive, and when it last said so. See replicas.ts. */
export type ServerTable = { id: string; alive_at: Moment };

/** One row: see last-signing.ts. */
export type LastSigningTable = { id: number; at: Moment };

/** One row: see last-backup.ts. */
export type LastBackupTable = { id: number; at: Moment };

/** An order at a CA elsewhere whose outcome is not known: see core/order-store.ts. */
export type OrderTable = {
  id: Generated<number>;
  request_key: string;
  endpoint: string;
  transaction_id: string;
  public_key_hash: string;
  state: OrderState;
  at: Moment;
};

/** An answer of the API: see kept-answers.ts. Without `status` and `body` the change was not answered yet. */
export type KeptAnswerTable = {
  key: string;
  fingerprint: string;
  at: Moment;
  status: number | null;
  body: string | null;
};

/** One request, or several that came together. See DeviceAttempt. `last_at` is `at` where it was one; `names`: JSON. */
export type AttemptTable = {
  id: Generated<number>;
  at: Moment;
  last_at: Moment;
  times: number;
  ms: number;
  endpoint: string;
  operation: string;
  outcome: AttemptOutcome;
  address: string;
  names: string;
  message_type: string | null;
  transaction_id: string | null;
  code: string | null;
  detail: string | null;
  reason: string | null;
  intune_code: string | null;
  client_request_id: string | null;
  activity_id: string | null;
  user_agent: string | null;
  subject: string | null;
  serial: string | null;
  thumbprint: string | null;
  status: number | null;
};

/** Requests of one hour that ended alike. `hour`: when it began. */
export type HourCountTable = { hour: Moment; endpoint: string; outcome: CountedOutcome; number: number };

/** What an attempt is found by, folded. */
export type AttemptNameTable = { value: string; attempt: number };
/** A condition that a server sees. `facts`: the rest of a SeenCondition as JSON. */
export type ConditionTable = { id: string; server: string; since: Moment; facts: string };

/** When each server has looked last for conditions; under the empty name, any server. */
export type ConditionLookTable = { server: string; at: Moment };

/** A session. `id`: a hash of the cookie. `basis`: JSON. */
export type SessionTable = {
  id: string;
  method: 'local' | 'oidc';
  name: string;
  basis: string;
  started_at: Moment;
  seen_at: Moment;
};

/** The last time step of which a user has used the code. */
export type LoginCodeTable = { user_name: string; step: number };

/** An action that waits for a second person. `input`, `actor` and `grants`: JSON. */
export type ProposalTable = {
  id: string;
  action: string;
  input: string;
  actor: string;
  source: string;
  grants: string;
  at: Moment;
  until: Moment;
};
/** A message to one receiver. `body`: a Message as JSON. */
export type MessageTable = {
  /** Never used again after its row is deleted. */
  id: Generated<number>;
  receiver: string;
  kind: MessageKind;
  body: string;
  state: MessageState;
  created_at: Moment;
  attempts: number;
  due_at: Moment;
  done_at: Moment | null;
  last_error: string | null;
};

/** How far each source of messages has been read. */
export type MessagePlaceTable = { source: string; value: string };

/** A key of a person: see user-keys.ts. `under_way`: what no other row may have, while it is wanted or issued. */
export type UserKeyTable = {
  id: string;
  tenant: string;
  upn: string;
  upn_folded: string;
  user_id: string | null;
  purpose: string;
  origin: string;
  state: string;
  under_way: string | null;
  at: Moment;
  due_at: Moment;
  tries: number;
  fault: string | null;
  issuer_id: string | null;
  serial: string | null;
  thumbprint: string | null;
  starts: Moment | null;
  ends: Moment | null;
  revoked_at: Moment | null;
  renews: string | null;
  escrow: string | null;
};

/** See user-key-notes.ts. */
export type UserKeyNoteTable = { tenant: string; name: string; value: string };

/** A file that waits to be fetched. `facts`: KeyLinkFacts as JSON. */
export type KeyLinkTable = { mark: string; sealed: Uint8Array; facts: string; until: Moment };

/** Every table by its name. */
export type Tables = {
  issuers: IssuerTable;
  certificates: CertificateTable;
  serials: SerialTable;
  names: NameTable;
  revocations: RevocationTable;
  revocation_lists: RevocationListTable;
  revocation_revisions: RevisionTable;
  revocation_shards: ShardTable;
  compromised_keys: CompromisedKeyTable;
  endpoint_names: EndpointNameTable;
  transactions: TransactionTable;
  challenges: ChallengeTable;
  consumed_challenges: ConsumedChallengeTable;
  notifications: NotificationTable;
  owed_revocations: OwedRevocationTable;
  revocation_requests: RevocationRequestTable;
  revocation_downloads: RevocationDownloadTable;
  jobs: JobTable;
  blocks: BlockTable;
  kept_answers: KeptAnswerTable;
  orders: OrderTable;
  directory_standings: DirectoryStandingTable;
  directory_objects: DirectoryObjectTable;
  directory_revocations: DirectoryRevocationTable;
  audit: AuditTable;
  audit_unchained: AuditUnchainedTable;
  audit_chain: AuditChainTable;
  audit_heads: AuditHeadTable;
  attempts: AttemptTable;
  attempt_names: AttemptNameTable;
  hour_counts: HourCountTable;
  secrets: SecretTable;
  sessions: SessionTable;
  login_codes: LoginCodeTable;
  proposals: ProposalTable;
  servers: ServerTable;
  last_signing: LastSigningTable;
  last_backup: LastBackupTable;
  messages: MessageTable;
  message_places: MessagePlaceTable;
  user_keys: UserKeyTable;
  user_key_notes: UserKeyNoteTable;
  key_links: KeyLinkTable;
  conditions: ConditionTable;
  condition_looks: ConditionLookTable;
  write_check: WriteCheckTable;
  schema_version: SchemaVersionTable;
};

/** Where queries run: the database, or the one connection of an open transaction. */
export type Database = Kysely<Tables>;
