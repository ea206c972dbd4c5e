/** Accepts a password that the administrator's page issued for this endpoint: once, and before it expires. */
import type { Clock, Logger } from '../core/environment.ts';
import type { Decision, Deny, Policy } from '../core/policy.ts';
import type { Store } from '../core/store.ts';

/** `store` keeps the passwords; `logger` hears of guessing. */
export type OneTimePolicyOptions = {
  /** Where the page keeps what it issued. */
  store: Pick<Store, 'findChallenge'>;
  clock: Clock;
  logger: Logger;
};

/**
 * The policy. A password is used up in the transaction that records what it was good for, so of two requests that race
 * with one password one is answered. Passwords are looked up by hash, and no comparison takes longer the more is right.
 */
export function oneTimePolicy({ store, clock, logger }: OneTimePolicyOptions): Policy {
  const noteWrong = wrongCounter(clock, logger);
  return {
    name: 'oneTime',
    async decide({ endpoint, csr: { challenge } }): Promise<Decision> {
      if (!challenge) return deny('challenge_missing', 'the request has no challengePassword');
      const found = await store.findChallenge(endpoint, challenge);
      if (!found) {
        noteWrong(endpoint);
        return deny('challenge_wrong', 'the challengePassword was never issued for this endpoint, or long ago');
      }
      if (found.used) return deny('challenge_used', 'the one-time password was used by another request');
      if (found.expiresAt <= clock())
        return deny('challenge_expired', `it expired at ${found.expiresAt.toISOString()}`);
      return { kind: 'allow', notify: 'none', consumes: found.id };
    },
  };
}

const deny = (code: Deny['code'], detail: string): Deny => ({ kind: 'deny', code, detail });

const MINUTE = 60_000;
const SUSPICIOUS = 20;

/**
 * Tells the log of an endpoint at which somebody tries passwords, once a minute. Nobody is locked out for it: 64 random
 * bits that live for an hour are not found by trying, and a lock would let strangers keep every device away.
 */
function wrongCounter(clock: Clock, logger: Logger): (endpoint: string) => void {
  let minute = { began: 0, wrong: 0 };
  return (endpoint) => {
    const now = clock().getTime();
    if (now - minute.began >= MINUTE) minute = { began: now, wrong: 0 };
    minute.wrong++;
    if (minute.wrong === SUSPICIOUS)
      logger.warn(
        { endpoint, wrong: minute.wrong },
        'many wrong challenge passwords within a minute: somebody is trying',
      );
  };
}
