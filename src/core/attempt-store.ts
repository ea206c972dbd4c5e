/** What devices asked and what became of it, one record for each request: where a trace is read from. Nothing secret is in it. */
import type { RequestOutcome } from './events.ts';
import type { HourCount } from './hour-counts.ts';
import type { RequestName } from './records.ts';

/**
 * `answered`: an operation other than PKIOperation. `deferred`: the client is to come again. `failed`: this server could not
 * answer. `refused`: a CertRep FAILURE, or where there is a `status` an HTTP error.
 */
export type AttemptOutcome = RequestOutcome | 'answered' | 'deferred' | 'failed';

/** One request; or several of one client that ask for the same and came together. */
export type DeviceAttempt = {
  /** When the answer of the first one was ready. */
  at: Date;
  /** When that of the last one was; absent for one alone. */
  lastAt?: Date;
  /** How many they are. */
  times: number;
  /** How long the answer took, in milliseconds: the longest of all. */
  ms: number;
  /** The name of the endpoint; empty where the path is of none. */
  endpoint: string;
  /** As the client wrote it. */
  operation: string;
  outcome: AttemptOutcome;
  messageType?: string;
  transactionId?: string;
  /** Of an HTTP error. */
  status?: number;
  /** Of docs/errors.md. */
  code?: string;
  /** What exactly was wrong. */
  detail?: string;
  /** Why it is pending. */
  reason?: string;
  intuneCode?: string;
  /** The id that this server gave to its call of Intune. */
  clientRequestId?: string;
  /** The id that Intune gave to it. */
  activityId?: string;
  address: string;
  userAgent?: string;
  /** RFC 4514. */
  subject?: string;
  /** Of the certificate that was given. */
  serial?: string;
  /** SHA-1 of it. */
  thumbprint?: string;
  /** Of the request, once it was opened. */
  names: readonly RequestName[];
};

/** `id` grows with time. */
export type StoredAttempt = DeviceAttempt & { id: number };

/** Which to list. An absent field does not limit the list. */
export type AttemptFilter = {
  /** Exactly a name of it, its address or its transactionID, in any letter case. */
  name?: string;
  endpoint?: string;
  /** One of these. An empty list: none. */
  endpoints?: readonly string[];
  /** Those with a code. */
  failed?: true;
  /** Not before this moment. */
  since?: Date;
  /** Older than the one with this id. */
  before?: number;
  limit: number;
};

/** Attempts are no records of what was issued: a store may lose them. */
export interface AttemptStore {
  /** In one transaction. `counts` are added to what HourCountStore has. */
  recordAttempts(attempts: readonly DeviceAttempt[], counts?: readonly HourCount[]): Promise<void>;
  /** Newest first. */
  findAttempts(filter: AttemptFilter): Promise<StoredAttempt[]>;
  /** What attempts are found by and begins so, in any letter case: folded, each once, in alphabetical order. */
  listAttemptNames(beginning: string, limit: number): Promise<string[]>;
  /** Of the attempts with this name the newest `keep` stay. Returns how many were removed. */
  trimAttempts(name: string, keep: number): Promise<number>;
  /** Of those of each endpoint the newest `keep` stay. Returns how many were removed. */
  trimEndpoints(keep: number): Promise<number>;
  /** Looks at the oldest `limit`, and returns how many of them were from before this moment and are removed. */
  removeAttempts(before: Date, limit: number): Promise<number>;
}

/** Characters of a name that are compared. */
const LONGEST_NAME = 512;

/** A name as it is stored and looked for. Databases write half a surrogate pair as U+FFFD, so it is done here. */
export const foldedName = (text: string): string => text.toLowerCase().slice(0, LONGEST_NAME).toWellFormed();

/**
 * Everything by which an attempt is found, folded, each once. Each one is written at a random place of an index: that of a serial
 * number is in the certificates already.
 */
export function searchedNames({ names, address, transactionId }: DeviceAttempt): string[] {
  const all = [...names.map(({ value }) => value), address, transactionId];
  return [...new Set(all.flatMap((each) => (each === undefined || each === '' ? [] : [foldedName(each)])))];
}
