/** What becomes of imported keys with time: renewed before their end, taken away after it, and revoked when their user has gone. */
import { DAY } from '../core/durations.ts';
import { importedPfxId, type ListedPfx } from '../core/imported-pfx.ts';
import type { UserKey } from '../core/user-key-store.ts';
import { eachUserKey, transactionOfKey, type UserKeyServices } from './user-key-services.ts';

/** `renewAt` and `alarmAt`: of the life of a certificate, what is left. Milliseconds: how long an old key stays beside a new one. */
export type UserKeyTimes = { renewAt: number; alarmAt: number; signingOverlap: number; decryption: number };

/** A fifth is left; a twentieth is left; seven days; a year after the end. */
export const USER_KEY_TIMES: UserKeyTimes = {
  renewAt: 0.2,
  alarmAt: 0.05,
  signingOverlap: 7 * DAY,
  decryption: 365 * DAY,
};

/** The newest key of a user and purpose, and those before it. */
type Line = { newest: UserKey; earlier: UserKey[] };

/** The keys that Intune has, by user and purpose. The newest is the one that begins last, as devices choose. */
async function linesOf({ store, tenant }: UserKeyServices): Promise<Line[]> {
  const lines = new Map<string, Line>();
  for await (const key of eachUserKey(store, { tenant, states: ['imported'] })) {
    const name = `${key.userPrincipalName.toLowerCase()} ${key.purpose}`;
    const line = lines.get(name);
    if (!line) lines.set(name, { newest: key, earlier: [] });
    else if (startOf(key) >= startOf(line.newest))
      lines.set(name, { newest: key, earlier: [...line.earlier, line.newest] });
    else line.earlier.push(key);
  }
  return [...lines.values()];
}

const startOf = ({ starts }: UserKey): number => starts?.getTime() ?? 0;

/** Whether of the life of its certificate this part or less is left. */
const isLeft = ({ starts, ends }: UserKey, part: number, now: Date): boolean =>
  starts !== undefined &&
  ends !== undefined &&
  ends.getTime() - now.getTime() <= part * (ends.getTime() - starts.getTime());

/** What was found. `ending`: keys that end soon and have no successor yet. */
export type FollowedKeys = { wanted: number; removed: number; ending: UserKey[] };

/**
 * Wants a successor for each key that was made here and ends soon, and takes old keys out of Intune: for signing when their successor has been
 * there for a time, for decryption a year after their end. Throws what Graph and the store throw.
 */
export async function followUserKeys(
  services: UserKeyServices,
  times: UserKeyTimes,
  signal: AbortSignal,
): Promise<FollowedKeys> {
  const now = services.clock();
  const followed: FollowedKeys = { wanted: 0, removed: 0, ending: [] };
  for (const { newest, earlier } of await linesOf(services)) {
    signal.throwIfAborted();
    const isLiving = newest.origin === 'made' && newest.revokedAt === undefined;
    if (isLiving && isLeft(newest, times.renewAt, now) && (await renew(newest, services))) followed.wanted++;
    if (isLiving && isLeft(newest, times.alarmAt, now)) followed.ending.push(newest);
    for (const key of earlier)
      if (isOver({ key, newest }, times, now)) {
        await takenAway(key, services, signal);
        followed.removed++;
      }
  }
  return followed;
}

/** After a successor that failed for good, milliseconds to the next one. */
const AFTER_FAILURE = DAY;

/** Of several servers one adds it: one key of a user and purpose is under way. The next one takes the place of a successor that failed. */
async function renew(key: UserKey, { store, tenant, clock, random }: UserKeyServices): Promise<boolean> {
  const { userPrincipalName, userId, purpose } = key;
  const now = clock();
  const others = await store.listUserKeys({ tenant, user: userPrincipalName, states: ['failed'] });
  const failed = others.filter(({ renews }) => renews === key.id);
  if (failed.some(({ dueAt }) => now.getTime() < dueAt.getTime() + AFTER_FAILURE)) return false;
  for (const each of failed) await store.changeUserKey(each.id, 'failed', { state: 'ended' });
  return store.addUserKey({
    id: Buffer.from(random(16)).toString('hex'),
    tenant,
    userPrincipalName,
    ...(userId !== undefined && { userId }),
    purpose,
    origin: 'made',
    state: 'wanted',
    at: now,
    dueAt: now,
    renews: key.id,
  });
}

/** `dueAt` of an imported key is when it was imported. What cannot be told apart is kept, like a key for decryption. */
function isOver({ key, newest }: { key: UserKey; newest: UserKey }, times: UserKeyTimes, now: Date): boolean {
  if (key.purpose === 'smimeSigning') return now.getTime() >= newest.dueAt.getTime() + times.signingOverlap;
  return key.ends !== undefined && now.getTime() >= key.ends.getTime() + times.decryption;
}

async function takenAway(key: UserKey, { store, imports, clock }: UserKeyServices, signal: AbortSignal): Promise<void> {
  await imports.delete(importedPfxId(key.userId ?? '', key.thumbprint ?? ''), signal);
  await store.changeUserKey(key.id, 'imported', { state: 'ended', dueAt: clock() });
}

/** `left`: users whose keys were not touched, because too many have gone at once. */
export type DepartedUsers = { users: number; left: number };

/**
 * Revokes the certificates of users who are disabled or not in the directory any more. A key for signing leaves Intune too; one for
 * decryption stays, so that mail can be read. More than `most` users at once are left alone: a fault of the directory looks like that.
 */
export async function revokeDeparted(
  services: UserKeyServices,
  most: number,
  signal: AbortSignal,
): Promise<DepartedUsers> {
  const gone = await departed(services, signal);
  if (gone.size > most) return { users: 0, left: gone.size };
  for (const keys of gone.values()) for (const key of keys) await endKey(key, services, signal);
  return { users: gone.size, left: 0 };
}

async function departed(services: UserKeyServices, signal: AbortSignal): Promise<Map<string, UserKey[]>> {
  const { store, imports, tenant, clock } = services;
  const byUser = new Map<string, UserKey[]>();
  for await (const key of eachUserKey(store, { tenant, states: ['imported'] }))
    if (key.userId !== undefined && key.revokedAt === undefined && !(key.ends && key.ends < clock()))
      byUser.set(key.userId, [...(byUser.get(key.userId) ?? []), key]);
  for (const id of byUser.keys()) {
    const user = await imports.user(id, signal);
    if (user?.isEnabled) byUser.delete(id);
  }
  return byUser;
}

/** Every step can be done again, and the row is written last: a process that is killed leaves nothing half done for good. */
async function endKey(key: UserKey, services: UserKeyServices, signal: AbortSignal): Promise<void> {
  const { store, revoke, certified, clock } = services;
  const ids = key.origin === 'made' ? await certified(transactionOfKey(key)) : [];
  for (const id of ids) await revoke(id, 'affiliationChanged', 'the user was disabled or removed from the directory');
  if (key.purpose === 'smimeSigning') await takenAwayAt(key, services, signal);
  const state = key.purpose === 'smimeSigning' ? ({ state: 'ended' } as const) : {};
  await store.changeUserKey(key.id, 'imported', {
    ...state,
    revokedAt: clock(),
    ...(state.state && { dueAt: clock() }),
  });
}

const takenAwayAt = ({ userId = '', thumbprint = '' }: UserKey, { imports }: UserKeyServices, signal: AbortSignal) =>
  imports.delete(importedPfxId(userId, thumbprint), signal);

/** `unknown`: Graph has it, and this server does not know it. `missing`: the other way round. Nothing is changed. */
export type ReconciledKeys = { same: number; unknown: ListedPfx[]; missing: UserKey[] };

/** Compares what Graph lists with what is recorded. */
export async function reconcileUserKeys(services: UserKeyServices, signal: AbortSignal): Promise<ReconciledKeys> {
  const { store, imports, tenant } = services;
  const listed = new Map((await imports.list(undefined, signal)).map((each) => [each.id, each]));
  const all = listed.size;
  const missing: UserKey[] = [];
  // Of one that is issued it is not known whether Graph has it.
  for await (const key of eachUserKey(store, { tenant, states: ['imported', 'issued'] }))
    if (!listed.delete(importedPfxId(key.userId ?? '', key.thumbprint ?? '')) && key.state === 'imported')
      missing.push(key);
  return { same: all - listed.size, unknown: [...listed.values()], missing };
}
