/** Searches over many certificates and a long history: pages by cursor and counts, each within a bounded amount of work. */
import type { AuditActor, AuditEntry, AuditEvent, AuditSource, CertificateName, StoredCertificate } from './records.ts';
import type { CertificateId, CertificateNameKind } from './records.ts';

/** The states that lists show. `expired`: delivered, and ended. `delivered`: those that have not ended. */
export const SHOWN_STATES = ['issued', 'delivered', 'expired', 'revoked'] as const;

/** One of them. */
export type ShownState = (typeof SHOWN_STATES)[number];

/** An endpoint, and the issuers whose certificates of this endpoint are meant. */
export type SearchedPlace = { endpoint: string; issuerIds: readonly string[] };

/**
 * What one search text can mean; a certificate needs one of them. `name`: the beginning of a name of one of `kinds`.
 * `serialPrefix` and `thumbprint` as in CertificateFilter.
 */
export type SearchTerms = {
  name?: { beginning: string; kinds: readonly CertificateNameKind[] };
  serialPrefix?: string;
  thumbprint?: string;
};

/** A span of time: `from` and later, earlier than `before`. */
export type Span = { from?: Date; before?: Date };

/** Which certificates. An absent field does not limit them. `now` decides what has ended. */
export type CertificateQuery = {
  now: Date;
  terms?: SearchTerms;
  /** Exactly one of these names. */
  names?: readonly CertificateName[];
  /** Substring of the subject, case-insensitive. No index finds it. */
  subject?: string;
  state?: ShownState;
  /** An empty list: none. */
  places?: readonly SearchedPlace[];
  /** Of notAfter. */
  ends?: Span;
  /** Of the moment at which it was recorded here: its issuance or its import. */
  recorded?: Span;
};

/** `cursor`: `next` of the page before. */
export type SearchPage = { limit: number; cursor?: string };

/**
 * `next` is absent at the end. A page can have fewer than `limit` and still a `next`: then enough was read for one call.
 * Newest first; by the end where `ends` or `expired` is asked for without `terms` and `names`: the next to end first, of expired ones the last that ended.
 */
export type FoundCertificates = { certificates: StoredCertificate[]; next?: string };

/** How many there are at least. `more`: counting ended at its bound. */
export type BoundedCount = { number: number; more: boolean };

/** A CA of which something is recorded. `authority`: its name in the configuration. */
export type KnownIssuer = { issuerId: string; name: string; authority?: string };

/** Which entries of the history. An absent field does not limit them. */
export type AuditQuery = {
  certificate?: CertificateId;
  /** Only what is not a step of an ordinary enrolment: what persons and programs did, revocations, what failed. An index finds it. */
  notable?: boolean;
  events?: readonly AuditEvent[];
  actors?: readonly AuditActor['kind'][];
  /** Substring of the name of the actor, case-insensitive. */
  actor?: string;
  sources?: readonly AuditSource[];
  /** Substring of `detail`, case-insensitive. */
  detail?: string;
  endpoint?: string;
  /** Only entries of these; `bare`: also those of the endpoint that are about no certificate. An empty list: none. */
  places?: readonly (SearchedPlace & { bare: boolean })[];
  at?: Span;
};

/** As FoundCertificates, newest first. `id`: grows with time. */
export type FoundEntries = { entries: (AuditEntry & { id: number })[]; next?: string };

/** What pages of operators ask. Each call reads a bounded number of rows, however many there are. */
export interface SearchStore {
  /** Throws RangeError for a cursor that is none. */
  searchCertificates(query: CertificateQuery, page: SearchPage): Promise<FoundCertificates>;
  /** By each state, whatever `state` of the query is. */
  countByState(query: CertificateQuery): Promise<Record<ShownState, BoundedCount>>;
  /** By name. */
  knownIssuers(): Promise<KnownIssuer[]>;
  /** Throws RangeError for a cursor that is none. */
  searchAudit(query: AuditQuery, page: SearchPage): Promise<FoundEntries>;
}
