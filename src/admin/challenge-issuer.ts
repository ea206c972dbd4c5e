/** Issues one-time passwords: as long, as many and for as long as NDES's registry would have it. */
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { Store } from '../core/store.ts';

export type ChallengeRules = {
  /** Milliseconds that a password lives. NDES: PasswordValidity. */
  validity: number;
  /** Passwords of one endpoint that are neither used nor expired. NDES: PasswordMax. */
  max: number;
  /** Octets, which make twice as many hexadecimal digits. NDES: PasswordLength. */
  length: number;
  /** The one password that everybody gets, which is not used up and does not expire. NDES: UseSinglePassword. */
  single?: string;
};

/** A password in clear, to be shown once. `expiresAt` and `validity` are absent for one that does not expire. */
export type IssuedChallenge = { password: string; expires?: { at: Date; validity: number } };

/** Issues passwords for one endpoint. */
export interface ChallengeIssuer {
  /** The name of the endpoint, for which alone the passwords are good. */
  readonly endpoint: string;
  /** The path of the endpoint, by which administrators may ask for it too. */
  readonly path?: string;
  /** `full`: as many as there may be are outstanding. */
  issue(): Promise<IssuedChallenge | 'full'>;
}

export function challengeIssuer(
  endpoint: string,
  rules: ChallengeRules,
  around: { store: Pick<Store, 'addChallenge'>; clock: Clock; random: RandomBytes },
): ChallengeIssuer {
  const { single, validity, max, length } = rules;
  const { store, clock, random } = around;
  return {
    endpoint,
    async issue() {
      if (single !== undefined) return { password: single };
      // Upper case: scrapers of NDES's page look for [A-F0-9].
      const password = Buffer.from(random(length)).toString('hex').toUpperCase();
      const createdAt = clock();
      const at = new Date(createdAt.getTime() + validity);
      const added = await store.addChallenge({ endpoint, password, createdAt, expiresAt: at }, max);
      return added ? { password, expires: { at, validity } } : 'full';
    },
  };
}
