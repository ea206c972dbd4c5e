/** How the keys of people of a tenant stand, for those who look after them. */
import type { UserKey, UserKeyState } from './user-key-store.ts';

/** How many keys there are in each state. */
export type UserKeyCounts = Readonly<Record<UserKeyState, number>>;

/**
 * What the work on the keys of a tenant notes. `followed` and `compared`: when that was done last, ISO 8601. The others are there while
 * something is wrong, as text for people: `gone`: too many users have gone at once. `graph`: Graph cannot be used. `differs`: Graph and
 * the store have other keys.
 */
export type UserKeyNoteName = 'followed' | 'compared' | 'gone' | 'graph' | 'differs';
/** Those that are there. */
export type UserKeyNotes = { [name in UserKeyNoteName]?: string };

/** `percent` of the life of a certificate, or less, is left at this moment. */
export type EndingFilter = { at: Date; percent: number; limit: number };

/** The standing of a tenant by its name in the configuration. */
export interface UserKeyStandingStore {
  countUserKeys(tenant: string): Promise<UserKeyCounts>;
  /** Keys that were made here and are imported, that end, and after which no newer one is imported; the first that ends first. */
  endingUserKeys(tenant: string, filter: EndingFilter): Promise<UserKey[]>;
  userKeyNotes(tenant: string): Promise<UserKeyNotes>;
  /** `null` takes it away. */
  noteUserKeys(tenant: string, name: UserKeyNoteName, value: string | null): Promise<void>;
}
