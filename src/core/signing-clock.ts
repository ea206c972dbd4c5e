/**
 * A clock that went back: what is signed by it would be older than what was signed before, and verifiers would take the
 * earlier one for the newer.
 */
import { MINUTE } from './durations.ts';
import { ConfigError } from './errors.ts';
import type { SigningStore } from './store.ts';

/** As much as Windows tolerates between two machines; the servers of one store differ by less. */
const TOLERATED = 5 * MINUTE;
/** How exactly the store knows the moment. */
const NOTED_EVERY = MINUTE;

/** Why nothing may be signed at `now`, when something was signed at `last`; undefined when it may. */
export const clockWentBack = (now: Date, last: Date | undefined): ConfigError | undefined =>
  last && now.getTime() < last.getTime() - TOLERATED
    ? new ConfigError(
        `the clock went back: it is ${now.toISOString()}, and something was signed at ${last.toISOString()}, so no revocation list and no OCSP response is signed`,
        'Correct the clock of this machine, or of another server of this store that is ahead. If all are right now, and one was ahead before, run `openndes clock --accept`.',
      )
    : undefined;

/**
 * Before each signature of a list or an answer: throws ConfigError when `now` is earlier than the last moment that the store
 * knows, by more than five minutes, and otherwise lets the store know it, once in a minute.
 */
export function signingClock(store: Pick<SigningStore, 'lastSigned' | 'noteSigning'>): (now: Date) => Promise<void> {
  let noted = -Infinity;
  return async (now) => {
    const at = now.getTime();
    if (at >= noted && at < noted + NOTED_EVERY) return;
    const last = await store.lastSigned();
    const wrong = clockWentBack(now, last);
    if (wrong) throw wrong;
    noted = last?.getTime() ?? -Infinity;
    if (at < noted + NOTED_EVERY) return;
    await store.noteSigning(now);
    noted = at;
  };
}
