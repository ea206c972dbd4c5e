/** What a running server knows of keys of people beside the store. */
import type { Belonging } from '../core/access.ts';
import type { RandomBytes } from '../core/environment.ts';
import type { UserKey } from '../core/user-key-store.ts';
import type { Administrator } from '../manage/administrator.ts';
import type { ReconciledKeys } from '../pfx/follow-user-keys.ts';
import type { AskedRevocation, RevokedUserKey } from '../pfx/revoke-user-key.ts';

/** `isConfigured`: whether there is a section `pfx`. `places`: where keys belong, one place for each tenant. */
export type UserKeySource = {
  isConfigured: boolean;
  places: readonly (Belonging & { tenant: string })[];
  /** Absent where the server makes no keys. */
  work?: UserKeyWork;
};

/** For whom a server makes keys. `endpoint`: under whose name their certificates are recorded. */
export type UserKeyWork = {
  tenant: string;
  endpoint: string;
  random: RandomBytes;
  /** Asks Graph, for a minute at most. Throws when it gives no usable answer. */
  reconcile(): Promise<ReconciledKeys>;
  /** Revokes the certificate, and then deletes the key in Intune, for half a minute at most. Throws when Graph gives no usable answer. */
  revoke(key: UserKey, asked: AskedRevocation, by: Administrator): Promise<RevokedUserKey>;
};
