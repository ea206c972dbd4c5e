/** One turn of the work on the keys of a tenant: what is due now, and what is wrong is noted for the operator. */
import { DAY, HOUR, MINUTE } from '../core/durations.ts';
import type { UserKeyNoteName, UserKeyStandingStore } from '../core/user-key-standing.ts';
import {
  type DepartedUsers,
  followUserKeys,
  type ReconciledKeys,
  reconcileUserKeys,
  revokeDeparted,
  type UserKeyTimes,
} from './follow-user-keys.ts';
import { makeUserKeys } from './make-user-keys.ts';
import { faultText, type UserKeyServices } from './user-key-services.ts';

/** `times`, and how many users may go at once, as they are configured. */
export type TurnRules = { times: UserKeyTimes; mostGone: number };
/** What a turn works with. */
export type TurnServices = UserKeyServices & { store: UserKeyStandingStore };

/** Milliseconds from one look at users and ends to the next, after one that failed, and from one comparison with Graph to the next. */
const FOLLOWED_EVERY = HOUR;
const AFTER_FAULT = 5 * MINUTE;
const COMPARED_EVERY = DAY;

/**
 * Every hour users who have gone and keys that end, every day the comparison, and each time the keys that are due. When Graph cannot be
 * used, that is noted, and the keys that are due are worked on all the same: each has its own fault. Throws what the store throws.
 */
export async function userKeyTurn(services: TurnServices, rules: TurnRules, signal: AbortSignal): Promise<void> {
  const next = await done(
    services,
    { name: 'followed', every: FOLLOWED_EVERY },
    () => follow(services, rules, signal),
    signal,
  );
  await done(
    services,
    { name: 'compared', every: COMPARED_EVERY },
    async () => void (await comparisonNoted(services, signal)),
    signal,
  );
  // What comes after many keys is a turn of its own.
  await makeUserKeys(services, signal, next);
}

type Recurring = { name: 'followed' | 'compared'; every: number };

/** Does it when it is due, and returns when it is next. */
async function done(
  { store, tenant, clock }: TurnServices,
  { name, every }: Recurring,
  work: () => Promise<void>,
  signal: AbortSignal,
): Promise<Date> {
  const { [name]: last, graph } = await store.userKeyNotes(tenant);
  const from = last === undefined ? 0 : Date.parse(last);
  const now = clock().getTime();
  if (now < from + every && now >= from) return new Date(from + every);
  try {
    await work();
    if (graph !== undefined) await store.noteUserKeys(tenant, 'graph', null);
    return await noted(clock().getTime());
  } catch (error) {
    signal.throwIfAborted();
    await store.noteUserKeys(tenant, 'graph', faultText(error));
    return noted(clock().getTime() + AFTER_FAULT - every);
  }

  async function noted(at: number): Promise<Date> {
    await store.noteUserKeys(tenant, name, new Date(at).toISOString());
    return new Date(at + every);
  }
}

async function follow(services: TurnServices, { times, mostGone }: TurnRules, signal: AbortSignal): Promise<void> {
  await departedNoted(services, mostGone, signal);
  await followUserKeys(services, times, signal);
}

/** As `revokeDeparted`; and the condition about users who are left alone opens or closes. */
export async function departedNoted(
  services: TurnServices,
  mostGone: number,
  signal: AbortSignal,
): Promise<DepartedUsers> {
  const departed = await revokeDeparted(services, mostGone, signal);
  const { left } = departed;
  await note(services, 'gone', left > 0 && `${left} users with keys are disabled or not in the directory any more`);
  return departed;
}

/** How many of each are named. */
const NAMED = 3;

/** As `reconcileUserKeys`; and the condition about what differs opens or closes. */
export async function comparisonNoted(services: TurnServices, signal: AbortSignal): Promise<ReconciledKeys> {
  const compared = await reconcileUserKeys(services, signal);
  const { unknown, missing } = compared;
  const all = [
    ...unknown.map(({ id, userPrincipalName }) => `only Intune has ${id} of ${userPrincipalName}`),
    ...missing.map(({ id, userPrincipalName }) => `only the store has ${id} of ${userPrincipalName}`),
  ];
  const named = [...all.slice(0, unknown.length).slice(0, NAMED), ...all.slice(unknown.length).slice(0, NAMED)];
  const text = `Intune alone has ${unknown.length} keys, and the store alone ${missing.length}: ${named.join('; ')}`;
  await note(services, 'differs', all.length > 0 && text);
  return compared;
}

const note = ({ store, tenant }: TurnServices, name: UserKeyNoteName, text: string | false): Promise<void> =>
  store.noteUserKeys(tenant, name, text === false ? null : text);
