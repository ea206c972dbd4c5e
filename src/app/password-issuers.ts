/** The issuers of one-time passwords of a running server; each password is in the log. */
import type { Config } from '../config/schema.ts';
import type { Emit } from '../core/events.ts';
import type { ChallengeStore } from '../core/store.ts';
import type { ChallengeIssuer } from '../manage/one-time-passwords.ts';
import { challengeIssuers } from './challenge-issuers.ts';

/** All of them, in the order of the configuration. */
export const loggedIssuers = (
  config: Pick<Config, 'endpoints'>,
  { store, emit }: { store: ChallengeStore; emit: Emit },
): ChallengeIssuer[] =>
  challengeIssuers(config, store).map((issuer) => ({
    ...issuer,
    async issue(administrator, binding) {
      const challenge = await issuer.issue(administrator, binding);
      const { kind, name, address: ip = '' } = administrator.actor;
      const outcome = challenge === 'full' ? 'full' : 'issued';
      const user = kind === 'person' ? { user: name } : {};
      emit({ event: 'challenge-requested', endpoint: issuer.endpoint, ip, outcome, ...user });
      return challenge;
    },
  }));
