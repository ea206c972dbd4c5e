/** Keys that were made, or brought, for people: what became of each. The key itself is never in the store, except in escrow. */
import type { PfxPurpose } from './imported-pfx.ts';
import type { AuditEntry, CertificateId } from './records.ts';

/**
 * `wanted`: to be made. `issued`: it has a certificate, and it is not known whether it was imported. `imported`: Intune has it. `failed`: it
 * could not be made, and is not tried again. `ended`: it was taken from Intune, or what was issued is of no use. `linked`: no Intune has it; it was made
 * for a link, by which its owner fetches it.
 */
export const USER_KEY_STATES = ['wanted', 'issued', 'imported', 'failed', 'ended', 'linked'] as const;
/** One of them. */
export type UserKeyState = (typeof USER_KEY_STATES)[number];

/** One key. */
export type UserKey = {
  /** Chosen at random by who adds it. */
  id: string;
  /** The name of the tenant in the configuration; empty for one that is `linked`. */
  tenant: string;
  userPrincipalName: string;
  /** The object id of the user, as soon as it was looked up. */
  userId?: string;
  purpose: PfxPurpose;
  /** `made`: by this server. `file`: in a file that was imported. */
  origin: 'made' | 'file';
  state: UserKeyState;
  at: Date;
  /** When it is worked on next. */
  dueAt: Date;
  /** How often that failed in a row, and the last fault. */
  tries: number;
  fault?: string;
  /** The certificate, when this server knows it. */
  certificate?: CertificateId;
  /** SHA-1 of the certificate, lower-case hexadecimal. */
  thumbprint?: string;
  starts?: Date;
  ends?: Date;
  /** When its certificate was revoked because the user has gone. The key may stay for decryption. */
  revokedAt?: Date;
  /** The key that it takes the place of. */
  renews?: string;
  /** As `escrowText` writes it. */
  escrow?: string;
};

/** A key to add. */
export type NewUserKey = Omit<UserKey, 'tries' | 'fault' | 'revokedAt'>;

/** What can change. `null` takes a value away. */
export type UserKeyChange = Partial<Pick<UserKey, 'state' | 'dueAt' | 'tries'>> & {
  [name in 'userId' | 'fault' | 'certificate' | 'thumbprint' | 'starts' | 'ends' | 'revokedAt' | 'escrow']?:
    | UserKey[name]
    | null;
};

/**
 * Which keys. `tenants`: of one of them. `user`: a user principal name, in any letter case. `endsBefore`: those with a certificate that
 * ends before it.
 */
export type UserKeyFilter = {
  tenant?: string;
  tenants?: readonly string[];
  user?: string;
  purpose?: PfxPurpose;
  states?: readonly UserKeyState[];
  dueBy?: Date;
  endsBefore?: Date;
  /** The last one of the page before. */
  after?: Pick<UserKey, 'at' | 'id'>;
  limit?: number;
};

/** The keys of people. Of one user and purpose, one is `wanted` or `issued` at a time. */
export interface UserKeyStore {
  /** Returns false, and writes nothing, when one of the same tenant, user and purpose is wanted or issued. `audit` is written with it. */
  addUserKey(key: NewUserKey, audit?: AuditEntry): Promise<boolean>;
  /** Returns false, and writes nothing, when its state is not `from` any more. */
  changeUserKey(id: string, from: UserKeyState, change: UserKeyChange): Promise<boolean>;
  findUserKey(id: string): Promise<UserKey | undefined>;
  /** Oldest first. */
  listUserKeys(filter: UserKeyFilter): Promise<UserKey[]>;
  /**
   * Removes keys that failed, ended or were linked before this moment and whose certificate has ended before it; returns how many. What is in escrow
   * stays: mail may be read after decades.
   */
  removeUserKeys(before: Date): Promise<number>;
}
