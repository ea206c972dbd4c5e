/** Files with keys of people that wait to be fetched once. What waits cannot be opened without the token, which the store does not have. */
import type { AuditEntry, CertificateId } from './records.ts';

/** What the history says of it, when it is made and when it is fetched. */
export type KeyLinkFacts = Pick<AuditEntry, 'endpoint' | 'transactionId' | 'detail'> & Partial<CertificateId>;

/** A file that waits. */
export type KeyLink = {
  /** Hexadecimal. It follows from the token, and the token does not follow from it. */
  mark: string;
  /** The file, encrypted under a key that follows from the token. */
  sealed: Uint8Array;
  facts: KeyLinkFacts;
};

/** Who did it and when. */
export type KeyLinkAct = Pick<AuditEntry, 'at' | 'actor' | 'source'>;

/** The files that wait. */
export interface KeyLinkStore {
  /** Keeps it for `ms` milliseconds of the clock of the store, with its line of history (`key-link-made`); returns when it ends. */
  addKeyLink(link: KeyLink, ms: number, act: KeyLinkAct): Promise<Date>;
  /**
   * Takes it away, with its line of history (`key-fetched`). Of several who ask at once one gets it. Undefined, and nothing is written,
   * when none waits under this mark or its time is over.
   */
  takeKeyLink(mark: string, act: KeyLinkAct): Promise<KeyLink | undefined>;
  /** Those whose time is over and that nobody has fetched, oldest first. */
  listEndedKeyLinks(limit: number): Promise<Omit<KeyLink, 'sealed'>[]>;
  /** Takes away one whose time is over; nothing when there is none. */
  removeEndedKeyLink(mark: string): Promise<void>;
}
