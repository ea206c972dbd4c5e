/** The tables as kysely sees them: the one schema that every database of this product has. */
import type { Generated, Kysely } from 'kysely';
import type { Pend } from '../core/policy.ts';
import type { RevocationReason } from '../core/issuer.ts';
import type { AuditEvent, CertificateState, PendingNotification, TransactionState } from '../core/records.ts';

/** Milliseconds since 1970, UTC. Every date of the schema is one, so that both databases compare them alike. */
export type Moment = number;

/** `id` grows with every row of its table: it is what "newest" means. */
export type CertificateTable = {
  id: Generated<number>;
  serial: string;
  endpoint: string;
  transaction_id: string;
  subject: string;
  /** The subject in lower case by Unicode rules, which SQLite does not know: what a search compares with. */
  subject_folded: string;
  issuer: string;
  thumbprint: string;
  der: Uint8Array;
  not_before: Moment;
  not_after: Moment;
  state: CertificateState;
  issued_at: Moment;
  delivered_at: Moment | null;
  revoked_at: Moment | null;
  revocation_reason: RevocationReason | null;
};

export type TransactionTable = {
  id: Generated<number>;
  /** Begins with what a poll knows, so that one index serves both. */
  key: string;
  endpoint: string;
  transaction_id: string;
  signer: string;
  subject: string;
  state: TransactionState;
  reason: Pend['reason'] | null;
  /** Only while it waits, because there is a secret in it. */
  csr: Uint8Array | null;
  created_at: Moment;
  updated_at: Moment;
  /** The certificate, once `state` is `issued`. */
  serial: string | null;
};

/** SHA-256 of each one-time challenge that is used up: a challenge itself is never written anywhere. */
export type ConsumedChallengeTable = { id: string; at: Moment };

/** A one-time password that was issued. `mark` is what it leaves in `consumed_challenges` when it is used up. */
export type ChallengeTable = { mark: string; endpoint: string; created_at: Moment; expires_at: Moment };

/** What is still owed. A row is deleted the moment its notification is done, because its payload holds a secret. */
export type NotificationTable = {
  /** Never used again after its row is deleted. */
  id: Generated<number>;
  mode: PendingNotification['mode'];
  /** See notification-codec.ts. */
  payload: string;
  attempts: number;
  due_at: Moment;
};

export type AuditTable = {
  id: Generated<number>;
  at: Moment;
  event: AuditEvent;
  endpoint: string;
  transaction_id: string;
  serial: string | null;
  detail: string | null;
  /** Of the certificate with this serial number: grows with every row, so that its index grows at one end. */
  certificate_id: number | null;
};

/** One row, rewritten by each `check()`: the proof that the disk takes writes. */
export type WriteCheckTable = { id: number; at: Moment };

/** One row: how many of the migrations this database has been through. */
export type SchemaVersionTable = { id: number; version: number };

export type Tables = {
  certificates: CertificateTable;
  transactions: TransactionTable;
  challenges: ChallengeTable;
  consumed_challenges: ConsumedChallengeTable;
  notices: NotificationTable;
  audit: AuditTable;
  write_check: WriteCheckTable;
  schema_version: SchemaVersionTable;
};

/** Where queries run: the database, or the one connection of an open transaction. */
export type Database = Kysely<Tables>;
