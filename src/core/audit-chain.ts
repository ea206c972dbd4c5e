/** The chain over the history: what was recorded cannot be changed, left out or moved without a trace. */
import type { RandomBytes } from './environment.ts';
import type { AuditActor, AuditEvent, AuditSource } from './records.ts';

/**
 * One entry of the history as the chain covers it. `id`: its row. `at`: milliseconds since 1970. `certificate`: SHA-256 of the
 * DER of the certificate that it is about, lower-case hexadecimal. `challenge`: as the store writes it.
 */
export type ChainedEntry = {
  id: number;
  at: number;
  event: AuditEvent;
  endpoint: string;
  transactionId: string;
  serial?: string;
  certificate?: string;
  actor: AuditActor;
  source: AuditSource;
  request?: string;
  detail?: string;
  challenge?: string;
};

/**
 * One link: its number, from 1 on without a gap, and its hash over the link before it and its entry. `salt` is what the fields
 * about a person are hashed with; since they were erased it is absent, and `personal` is that hash. Hashes and salts are
 * lower-case hexadecimal. `entry` is absent when its row is gone.
 */
export type AuditLink = { number: number; hash: string; salt?: string; personal?: string; entry?: ChainedEntry };

/** The place in the chain up to which something holds: after the link with this number. */
export type ChainPlace = { number: number; hash: string };

/**
 * A statement about the chain. `genesis`: where it begins, number 0; its hash is random and names the chain. `newest`: the last
 * head that was signed. `removed`: the links from `first` to `number` were removed after their time, and `hash` is that of the last.
 */
export type AuditHead = ChainPlace & { kind: 'genesis' | 'newest' | 'removed'; first: number; at: Date };

/** A signature, and SHA-256 of the SubjectPublicKeyInfo of its key, lower-case hexadecimal. */
export type HeadSignature = { signature: Uint8Array; key: string };

/** As the store has it: a head is not signed where no key is configured. */
export type StoredHead = AuditHead & Partial<HeadSignature>;

/**
 * Signs statements about a chain, and knows its own signatures. `chain`: the hash of the genesis. `sign` rejects with what the key
 * rejects with.
 */
export type HeadSeal = {
  sign: (head: AuditHead, chain: string) => Promise<HeadSignature>;
  isOwn: (head: StoredHead, chain: string) => boolean;
};

/** How many entries wait for their link, and the ids of some that are in neither list, or wait and are gone. */
export type UnchainedEntries = { waiting: number; strays: readonly number[]; gone: readonly number[] };

/** The chain over the history. Its entries wait in a list of their own from the commit that records them on. */
export interface AuditChainStore {
  /**
   * Adds links for up to `limit` entries that wait, in the order of their ids. Returns whether more wait. Where another server
   * adds links at the same time, one of the two adds none.
   */
  chainAudit(options: { limit: number; random: RandomBytes }): Promise<boolean>;
  /** Undefined before the first call of `chainAudit`. */
  chainEnd(): Promise<ChainPlace | undefined>;
  /** In the order of their numbers, those above `after`. */
  listLinks(page: { after: number; limit: number }): Promise<AuditLink[]>;
  /** In the order of their numbers. */
  listHeads(): Promise<StoredHead[]>;
  /** Replaces the newest head. An older one is not written over a newer one. */
  saveHead(head: ChainPlace & { at: Date } & HeadSignature): Promise<void>;
  /** At most `limit` ids of each kind. */
  unchained(limit: number): Promise<UnchainedEntries>;
}
