/** Accepts a password that the administrator issued for this endpoint: once, and before it expires. */
import { MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { Decision, Deny, Policy } from '../core/policy.ts';
import type { ChallengeStore } from '../core/store.ts';

/** Options of the policy. `emit` gets an event when passwords seem to be guessed. */
export type OneTimePolicyOptions = {
  store: Pick<ChallengeStore, 'findChallenge'>;
  clock: Clock;
  emit: Emit;
};

/**
 * The policy. A password is consumed in the store transaction that records the certificate, so of two concurrent
 * requests with one password only one gets a certificate. The lookup is by hash, so its time does not reveal how many
 * characters of a guess are right.
 */
export function oneTimePolicy({ store, clock, emit }: OneTimePolicyOptions): Policy {
  const countWrong = guessingAlarm(clock, emit);
  return {
    name: 'oneTime',
    async decide({ endpoint, csr: { challenge } }): Promise<Decision> {
      if (!challenge) return deny('challenge_missing', 'the request has no challengePassword');
      const found = await store.findChallenge(endpoint, challenge);
      if (!found) {
        countWrong(endpoint);
        return deny('challenge_wrong', 'the challengePassword was not issued for this endpoint, or expired long ago');
      }
      if (found.used) return deny('challenge_used', 'the one-time password was used by another request');
      if (found.expiresAt <= clock())
        return deny('challenge_expired', `it expired at ${found.expiresAt.toISOString()}`);
      return { kind: 'allow', notify: 'none', consumes: found.id };
    },
  };
}

const deny = (code: Deny['code'], detail: string): Deny => ({ kind: 'deny', code, detail });

/** So many wrong passwords within a minute are taken for guessing. */
const GUESSES = 20;

/**
 * Logs a warning when passwords are being guessed, at most once a minute. There is no lock-out: 64 random bits that are
 * valid for an hour cannot be guessed, and with a lock-out an attacker could block all devices.
 */
function guessingAlarm(clock: Clock, emit: Emit): (endpoint: string) => void {
  let minute = { began: 0, wrong: 0 };
  return (endpoint) => {
    const now = clock().getTime();
    if (now - minute.began >= MINUTE) minute = { began: now, wrong: 0 };
    minute.wrong++;
    if (minute.wrong === GUESSES) emit({ event: 'challenges-guessed', endpoint, wrong: minute.wrong });
  };
}
