/** The directory of a tenant: the devices of Intune, the devices and users of Entra, and what is recorded of them. */
import type { AuditEntry, CertificateId } from './records.ts';

/** `managed`: a device of Intune; `device` and `user`: of Entra. */
export type DirectoryKind = 'managed' | 'device' | 'user';
/** In the order in which they are listed. */
export const DIRECTORY_KINDS: readonly DirectoryKind[] = ['managed', 'device', 'user'];

/**
 * One object. `id`: of Intune for `managed`, else the object id of Entra. `name`: the device id in Entra, or the user
 * principal name; empty without one. Both in lower case. `goneSince`: the number of the first complete listing since when
 * it is not there, or disabled if it is a user; absent while it is there.
 */
export type DirectoryObject = { kind: DirectoryKind; id: string; name: string; goneSince?: number };

/** Names a row: its kind and id. */
export type DirectoryKey = Pick<DirectoryObject, 'kind' | 'id'>;

/** `nameReturned`: an object of its kind that is there has the same name. */
export type GoneObject = DirectoryObject & { goneSince: number; nameReturned: boolean };

/** One object as a listing has it. `name` is absent when the listing leaves it out, and `there` when it says nothing of it. */
export type ListedObject = { id: string; name?: string; there?: boolean };

/**
 * One whole listing. `full`: what is not in it is not there; otherwise it has what changed since the listing before.
 * `link`: where the next one begins, of a list that has changes. The reader may empty `objects`.
 */
export type DirectoryListing = { full: boolean; objects: Map<string, ListedObject>; link?: string };

/** Lists one kind, from `link` on if there is one. Throws when any part of it is missing, and the signal's reason on abort. */
export type ListDirectory = (
  kind: DirectoryKind,
  link: string | undefined,
  signal: AbortSignal,
) => Promise<DirectoryListing>;

/**
 * What is known of the directory of one tenant. `listing`: the number of the last complete listing of all kinds, 0 before the
 * first. `error`: why the last one was not taken; empty when it was. `waiting`: certificates that are not revoked until an administrator
 * approves. `countedAt`: the listing at which they were counted. `approved`: what is gone since this listing or an earlier one is revoked without a bound. `acceptsLoss`: the next
 * listing is taken however much it has lost.
 */
export type DirectoryStanding = {
  listing: number;
  listedAt?: Date;
  nextAt?: Date;
  links: Partial<Record<DirectoryKind, string>>;
  error: string;
  waiting: number;
  countedAt: number;
  approved: number;
  acceptsLoss: boolean;
};

/** How many objects of one kind are recorded. */
export type DirectoryCount = { kind: DirectoryKind; there: number; gone: number };

/** How many certificates a tenant may lose by itself: `most` since a moment. */
export type RevocationBound = { since: Date; at: Date; most: number };

/** The directories of the tenants, as far as they were listed. */
export interface DirectoryStore {
  directoryStanding(tenant: string): Promise<DirectoryStanding>;
  /** Replaces these fields; the others stay. */
  changeDirectoryStanding(tenant: string, change: Partial<DirectoryStanding>, audit?: AuditEntry): Promise<void>;
  /** In the order of their ids. */
  listDirectory(tenant: string, page: DirectoryPage): Promise<DirectoryObject[]>;
  /** Adds them or puts them in the place of those with the same key; a hundred at most. */
  recordDirectory(tenant: string, objects: readonly DirectoryObject[]): Promise<void>;
  /** Gone since before this listing; in the order of their kinds and ids. */
  listGone(tenant: string, page: { before: number; after?: DirectoryKey; limit: number }): Promise<GoneObject[]>;
  countDirectory(tenant: string): Promise<DirectoryCount[]>;
  /**
   * Those that may be revoked within the bound: what was returned before is returned again, and counts once. A certificate
   * is counted before it is revoked, so that a restart in between counts it too.
   */
  takeRevocations(tenant: string, ids: readonly CertificateId[], bound: RevocationBound): Promise<CertificateId[]>;
  /** How many were taken since this moment. */
  countTaken(tenant: string, since: Date): Promise<number>;
  /** Certificates of these endpoints that are neither revoked nor ended, a part at a time. */
  countLive(part: LivePart): Promise<{ live: number; next?: number }>;
  /** Of these, those that name an object of the directory. Reads much at once: for commands only. */
  countMatched(tenant: string, live: Pick<LivePart, 'endpoints' | 'at'>): Promise<number>;
}

/** Which objects to list. */
export type DirectoryPage = { kind: DirectoryKind; after?: string; limit: number };

/** `from`: 0, and then what `next` says. */
export type LivePart = { endpoints: readonly string[]; at: Date; from: number };
