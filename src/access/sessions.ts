/** Sessions of people: begun by a login, ended by logout, after a time without requests, and at the latest after some hours. */
import type { RoleGrant } from '../core/access.ts';
import type { Caller } from '../actions/action.ts';
import { isWithin, MINUTE } from '../core/durations.ts';
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { AuditEntry } from '../core/records.ts';
import type { SessionStore, StoredSession } from '../core/session-store.ts';
import { auditEntry } from '../manage/administrator.ts';
import { formTokenOf, newSecret, sessionId } from './session-cookie.ts';

/** A person who is logged in. `formToken`: what each form must send back. `endsAt`: the end without a further request. */
export type Session = { caller: Caller; formToken: string; endsAt: Date };

/** Milliseconds. */
export type SessionTimes = { idle: number; longest: number };

/** What sessions are kept with. `grantsOf`: what the configuration grants the person now; undefined ends the session. */
export type SessionOptions = {
  store: SessionStore;
  clock: Clock;
  random: RandomBytes;
  times: SessionTimes;
  grantsOf: (session: StoredSession) => readonly RoleGrant[] | undefined;
};

/** Who begins a session, and from where. */
export type Arrival = Pick<StoredSession, 'method' | 'name' | 'basis'> & { address: string };

/** The sessions of one configuration. */
export type Sessions = {
  /** Returns the secret of the cookie. */
  begin(arrival: Arrival): Promise<string>;
  /** Undefined for one that has ended. */
  find(secret: string, address: string): Promise<Session | undefined>;
  /** Returns the session that it ended, if there was one. */
  end(secret: string, address: string): Promise<StoredSession | undefined>;
};

/** Makes them. */
export function sessions(options: SessionOptions): Sessions {
  const { store, clock, random, times, grantsOf } = options;
  const live = async (secret: string): Promise<StoredSession | undefined> => {
    const session = await store.findSession(sessionId(secret));
    return session && isLive(session, clock(), times) ? session : undefined;
  };
  return {
    async begin({ address, ...who }) {
      const [secret, now] = [newSecret(random), clock()];
      const session = { ...who, id: sessionId(secret), startedAt: now, seenAt: now };
      const ended = { started: before(now, times.longest), seen: before(now, times.idle) };
      await store.addSession(session, loginEntry(clock, session, { event: 'logged-in', address }), ended);
      return secret;
    },
    async find(secret, address) {
      const session = await live(secret);
      const grants = session && grantsOf(session);
      if (!session || !grants) return undefined;
      const now = clock();
      // Not each time: a page asks often, and each writing costs.
      if (!isWithin(grainOf(times), session.seenAt.getTime(), now.getTime())) await store.seeSession(session.id, now);
      const caller: Caller = { actor: { kind: 'person', name: session.name, address }, source: 'page', grants };
      return { caller, formToken: formTokenOf(secret), endsAt: endOf(session, now, times) };
    },
    async end(secret, address) {
      const session = await live(secret);
      if (!session) return undefined;
      const entry = loginEntry(clock, session, { event: 'logged-out', address });
      return (await store.endSession(session.id, entry)) ? session : undefined;
    },
  };
}

/** How exactly the last request of a session is recorded. */
const grainOf = ({ idle }: SessionTimes): number => Math.min(MINUTE, idle / 30);

/** A clock that was set back ends no session, and prolongs none beyond its longest time by that clock. */
const isLive = ({ startedAt, seenAt }: StoredSession, now: Date, times: SessionTimes): boolean =>
  now.getTime() - startedAt.getTime() < times.longest && now.getTime() - seenAt.getTime() < times.idle + grainOf(times);

const endOf = ({ startedAt }: StoredSession, now: Date, { idle, longest }: SessionTimes): Date =>
  new Date(Math.min(startedAt.getTime() + longest, now.getTime() + idle));

const before = (now: Date, period: number): Date => new Date(now.getTime() - period - MINUTE);

/** The line of history of a login or logout of this person. */
export const loginEntry = (
  clock: Clock,
  { name, method }: Pick<StoredSession, 'name' | 'method'>,
  { event, address }: { event: 'logged-in' | 'logged-out'; address: string },
): AuditEntry =>
  auditEntry(
    { store: undefined, clock, actor: { kind: 'person', name, address }, source: 'page' },
    { event, endpoint: '', transactionId: '', detail: method },
  );
