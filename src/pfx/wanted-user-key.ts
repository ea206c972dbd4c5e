/** A key that is asked for: recorded as wanted, with who asked. It is made by whoever works on the keys of the tenant. */
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { AuditEntry } from '../core/records.ts';
import type { UserKey, UserKeyStore } from '../core/user-key-store.ts';
import { transactionOfKey } from './user-key-services.ts';

/** For whom and for what. `renews`: the id of the key that it takes the place of; without it a user with a key gets no second one. */
export type AskedUserKey = Pick<UserKey, 'userPrincipalName' | 'userId' | 'purpose' | 'renews'>;

/** `entryOf`: the entry of the history about it; without it there is none, as for what the server asks for itself. */
export type AskingParts = {
  store: Pick<UserKeyStore, 'addUserKey' | 'listUserKeys'>;
  /** The name of the tenant in the configuration. */
  tenant: string;
  clock: Clock;
  random: RandomBytes;
  entryOf?: (fields: Pick<AuditEntry, 'event' | 'transactionId' | 'detail'>) => AuditEntry;
};

/** `has`: the user has a key for the purpose. `underWay`: another one for it is wanted or issued. */
export type WantedUserKey = { kind: 'wanted'; id: string } | { kind: 'has' | 'underWay' };

/** Of several who ask at the same time one adds it. */
export async function wantUserKey(asked: AskedUserKey, parts: AskingParts): Promise<WantedUserKey> {
  const { store, tenant, clock, random, entryOf } = parts;
  if (asked.renews === undefined && (await hasKey(asked, parts))) return { kind: 'has' };
  const [id, now] = [Buffer.from(random(16)).toString('hex'), clock()];
  const entry = entryOf?.({
    event: 'key-wanted',
    transactionId: transactionOfKey({ id }),
    detail: `${asked.purpose} for ${asked.userPrincipalName} of ${tenant}`,
  });
  const key = { ...asked, id, tenant, origin: 'made', state: 'wanted', at: now, dueAt: now } as const;
  return (await store.addUserKey(key, entry)) ? { kind: 'wanted', id } : { kind: 'underWay' };
}

/** One whose certificate was revoked counts for nothing. */
async function hasKey({ userPrincipalName, purpose }: AskedUserKey, { store, tenant }: AskingParts): Promise<boolean> {
  const keys = await store.listUserKeys({ tenant, user: userPrincipalName, purpose, states: ['imported'] });
  return keys.some(({ revokedAt }) => revokedAt === undefined);
}
