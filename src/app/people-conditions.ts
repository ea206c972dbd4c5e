/** What is wrong with the keys of people of a tenant: as the store has it, so that every server says the same. */
import { type ConditionKind, type SeenCondition, seenCondition } from '../core/condition.ts';
import type { Clock } from '../core/environment.ts';
import { failedOrOk } from '../core/probe.ts';
import type { Store } from '../core/store.ts';
import type { UserKeyNoteName } from '../core/user-key-standing.ts';
import type { UserKey } from '../core/user-key-store.ts';

/** Whose keys: a tenant by its name, and of the life of a certificate the percent at which a key without a successor is told. */
export type WatchedPeople = { tenant: string; alarmAt: number };

/** What is read of the store. */
export type PeopleStoreNames = 'listUserKeys' | 'endingUserKeys' | 'userKeyNotes';
type Looked = { store: Pick<Store, PeopleStoreNames>; clock: Clock };

/** At most so many keys are looked at for each condition. */
const MOST = 500;
/** Attempts after which a key that is tried again is told: about a quarter of an hour. */
const TRIES = 3;

/** Throws what the store throws. */
export async function peopleConditions(
  { tenant, alarmAt }: WatchedPeople,
  { store, clock }: Looked,
): Promise<SeenCondition[]> {
  const [failed, underWay, ending, notes] = await Promise.all([
    store.listUserKeys({ tenant, states: ['failed'], limit: MOST }),
    store.listUserKeys({ tenant, states: ['wanted', 'issued'], limit: MOST }),
    store.endingUserKeys(tenant, { at: clock(), percent: alarmAt, limit: MOST }),
    store.userKeyNotes(tenant),
  ]);
  const late = underWay.filter(({ tries, fault }) => tries >= TRIES && fault !== undefined);
  const told = (kind: ConditionKind, what: string): SeenCondition =>
    seenCondition(kind, { of: tenant, what, subject: { kind: 'tenant', name: tenant } });
  return [
    ...ofKeys(failed).map((text) => told('user-keys-failed', `Keys of people could not be made: ${text}`)),
    ...ofKeys(late).map((text) => told('user-keys-late', `Keys of people cannot be made at present: ${text}`)),
    ...ofKeys(ending).map((text) => told('user-keys-end', `Keys of people end without a successor: ${text}`)),
    ...NOTED.flatMap(([name, kind, before]) => (notes[name] === undefined ? [] : [told(kind, before + notes[name])])),
  ];
}

const NOTED: readonly (readonly [UserKeyNoteName, ConditionKind, before: string])[] = [
  ['graph', 'user-keys-graph', 'Microsoft Graph cannot be used for keys of people: '],
  ['gone', 'user-keys-held', 'No key of a user who has gone was revoked: '],
  ['differs', 'user-keys-differ', ''],
];

/** Of the administrators' `/readyz`: what is wrong first, or `ok`. Absent where nobody's keys are made. A store that fails is a probe of its own. */
export async function peopleDetail(people: WatchedPeople | undefined, looked: Looked): Promise<{ userKeys?: string }> {
  if (!people) return {};
  const seen = await peopleConditions(people, looked).catch(() => undefined);
  return { userKeys: seen ? failedOrOk(seen.map(({ what }) => what).join('; ') || undefined) : 'unknown' };
}

/** One text, or none without keys: how many they are, and the first of them. */
function ofKeys(keys: readonly UserKey[]): string[] {
  const [first] = keys;
  if (!first) return [];
  const { userPrincipalName, purpose, ends, fault } = first;
  const count = keys.length === MOST ? `${MOST} or more` : String(keys.length);
  const why = fault ?? (ends && `it ends at ${ends.toISOString()}`);
  return [`${count}, the first for ${userPrincipalName} (${purpose})${why === undefined ? '' : `: ${why}`}`];
}
