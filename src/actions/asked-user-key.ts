/** A key of a person that an operator asks for: where the server makes keys, and why a user gets none now. */
import { z } from 'zod';
import type { UserKey } from '../core/user-key-store.ts';
import { auditEntry } from '../manage/administrator.ts';
import { type AskedUserKey, type AskingParts, wantUserKey } from '../pfx/wanted-user-key.ts';
import type { Running } from './action.ts';
import { ActionError } from './action-error.ts';
import { ofServer } from './seen-places.ts';
import { seenTenants, seenUserKey } from './seen-user-keys.ts';
import { byCaller } from './told-revocations.ts';
import type { UserKeyWork } from './user-key-source.ts';
import { userKeyRow, userKeyRowOf } from './user-key-view.ts';

/** The key that is wanted now. */
export const wantedKey = z.object({ key: userKeyRow });

/** The work of the server, when the caller may ask for it. Throws ActionError. */
export function workFor(running: Running<unknown>): UserKeyWork {
  const { work } = ofServer(running.desk.userKeys);
  if (!work)
    throw new ActionError(
      'unavailable',
      'this server makes no keys for people',
      'Configure `pfx.connector` and `pfx.people`: docs/pfx.md says what goes there.',
    );
  if (seenTenants(running)?.includes(work.tenant) === false)
    throw new ActionError('forbidden', 'your role is limited to places where no keys for people are made');
  return work;
}

/** Records it with who asked. Throws ActionError. */
export async function want(running: Running<unknown>, asked: AskedUserKey): Promise<z.output<typeof wantedKey>> {
  const work = workFor(running);
  const { tenant, random } = work;
  const { store, clock } = running.desk;
  const result = await wantUserKey(asked, {
    store,
    tenant,
    clock,
    random,
    entryOf: entriesOf(running, work),
  });
  if (result.kind !== 'wanted') throw NOT_WANTED[result.kind]();
  return { key: userKeyRowOf(await seenUserKey(running, result.id)) };
}

const NOT_WANTED = {
  has: () => new ActionError('conflict', 'the user has a key for this purpose', 'Renew that one, or revoke it before.'),
  underWay: () =>
    new ActionError(
      'conflict',
      'a key of this user for this purpose is under way',
      'Look at what became of it in the list.',
    ),
} as const;

/** The work of the server on this key. Throws ActionError. */
export function workOn(running: Running<unknown>, { tenant }: UserKey): UserKeyWork {
  const work = workFor(running);
  if (work.tenant === tenant) return work;
  throw new ActionError(
    'conflict',
    'the server makes no keys for this tenant',
    '`pfx.people` names the tenant whose keys it makes; `openndes pfx` works on those of others.',
  );
}

/** Entries of the history by the caller. */
export const entriesOf =
  (running: Running<unknown>, { endpoint }: Pick<UserKeyWork, 'endpoint'>): NonNullable<AskingParts['entryOf']> =>
  (fields) =>
    auditEntry(byCaller(running), { ...fields, endpoint });

/** Throws ActionError for a key that gets no successor. */
export async function assertNewest(running: Running<unknown>, key: UserKey): Promise<void> {
  workOn(running, key);
  if (key.state !== 'imported' || key.revokedAt !== undefined)
    throw new ActionError(
      'conflict',
      'only a key that Intune has, and that is not revoked, gets a successor',
      'Ask for a new key.',
    );
  if (key.origin !== 'made')
    throw new ActionError('conflict', 'this key is from a file: nobody but its CA can renew it', 'Ask for a new key.');
  const { tenant, userPrincipalName: user, purpose } = key;
  const all = await running.desk.store.listUserKeys({ tenant, user, purpose, states: ['imported'] });
  if (all.some(({ starts }) => starts !== undefined && key.starts !== undefined && starts > key.starts))
    throw new ActionError('conflict', 'there is a newer key of this user for this purpose', 'Renew the newest one.');
}
