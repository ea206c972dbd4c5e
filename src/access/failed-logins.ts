/** What a failed login leaves behind: a line of the log each, and a line of history each up to a bound. */
import { isWithin, MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { AuditEntry } from '../core/records.ts';
import type { SessionStore } from '../core/session-store.ts';
import { auditEntry } from '../manage/administrator.ts';

/** Lines of history a minute: somebody who only fails must not fill the store. */
const MOST_ENTRIES = 60;

/** A login that failed; `user` where there is such a user; `reason` of a provider. */
export type FailedLogin<K extends string> = { kind: K; user?: string; reason?: string };

/** Records a failed login, and returns its kind alone. */
export function failureLog({ store, clock, emit }: { store: SessionStore; clock: Clock; emit: Emit }) {
  let window = { since: 0, entries: 0 };

  function isWithinBound(): boolean {
    const now = clock().getTime();
    if (!isWithin(MINUTE, window.since, now)) window = { since: now, entries: 0 };
    return ++window.entries <= MOST_ENTRIES;
  }

  return async <K extends string>(failed: FailedLogin<K>, address: string): Promise<{ kind: K }> => {
    const { kind, ...known } = failed;
    emit({ event: 'administrator-login-failed', ip: address, ...known });
    if (isWithinBound()) await store.noteFailedLogin(failedEntry(clock, address, known));
    return { kind };
  };
}

type Known = Omit<FailedLogin<string>, 'kind'>;

const failedEntry = (clock: Clock, address: string, { user = 'no known user', reason }: Known): AuditEntry =>
  auditEntry(
    { store: undefined, clock, actor: { kind: 'person', name: user, address }, source: 'page' },
    { event: 'login-failed', endpoint: '', transactionId: '', ...(reason !== undefined && { detail: reason }) },
  );
