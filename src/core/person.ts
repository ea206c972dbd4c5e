/** What a store has of one person, and what can be erased of it. */
import type { StoredAttempt } from './attempt-store.ts';
import type { ChainedEntry } from './audit-chain.ts';
import type { AuditEntry, BlockEntry, ChallengeBinding, StoredCertificate, StoredTransaction } from './records.ts';
import type { UserKey } from './user-key-store.ts';
import type { DirectoryKind } from './tenant-directory.ts';

/** A request whose certificate or subject names the person. */
export type PersonRequest = Pick<
  StoredTransaction,
  'endpoint' | 'transactionId' | 'subject' | 'state' | 'createdAt' | 'updatedAt'
>;

/** A one-time password that is bound to the person. What it is, nobody can tell from the store. */
export type PersonPassword = { endpoint: string; createdAt: Date; expiresAt: Date; binding: ChallengeBinding };

/** An object of the directory with this name, as the last listing had it. */
export type PersonObject = { tenant: string; kind: DirectoryKind; id: string; name: string };

/** Everything, the oldest first. No challenge and no key is in it. */
export type PersonRecords = {
  certificates: StoredCertificate[];
  requests: PersonRequest[];
  entries: ChainedEntry[];
  blocks: BlockEntry[];
  passwords: PersonPassword[];
  directory: PersonObject[];
  /** Those of the trace with this name, and the others of the same transactions. */
  attempts: StoredAttempt[];
  /** Keys that were made or imported for the person, without what is in escrow. */
  keys: Omit<UserKey, 'escrow'>[];
};

/** How many of each kind. */
export type PersonCounts = { certificates: number; requests: number; entries: number; attempts: number; keys: number };

/**
 * `kept` are certificates that have not ended, or whose notification or history waits, requests that wait, and the entries about
 * these; entries of what the person did as an administrator; and keys in use. No attempt is kept.
 */
export type PersonErasure = { erased: PersonCounts; kept: PersonCounts };

/**
 * Records of one person. `name`: exactly a UPN, an email address or a common name, compared without regard to case; in other text
 * it counts where it stands as a word of its own.
 */
export interface PersonStore {
  findPerson(name: string): Promise<PersonRecords>;
  /** What `erasePerson` would do at this moment. */
  previewErasure(name: string, at: Date): Promise<PersonErasure>;
  /**
   * Removes the requests, the attempts, and keys that are in use no more, with what is in escrow of them; takes subject, names and DER from the certificates, and from the entries what they say about people. Of an
   * entry the chain keeps the hash of that. `audit`, `erased`, is written with it, and its `detail` says which entries; nothing is
   * written where nothing is erased.
   */
  erasePerson(name: string, audit: AuditEntry): Promise<PersonErasure>;
}
