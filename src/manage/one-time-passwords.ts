/** Issues one-time passwords, with the rules that NDES keeps in the registry: length, lifetime and how many. */
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { AuditEntry, ChallengeBinding } from '../core/records.ts';
import type { Store } from '../core/store.ts';
import { type Administrator, auditEntry, type Management } from './administrator.ts';
import { BindingError } from './challenge-binding.ts';

/** The rules of one endpoint. */
export type ChallengeRules = {
  /** Lifetime of a password in milliseconds. NDES: PasswordValidity. */
  validity: number;
  /** Passwords of one endpoint that are neither used nor expired. NDES: PasswordMax. */
  max: number;
  /** Octets, which make twice as many hexadecimal digits. NDES: PasswordLength. */
  length: number;
  /** One password for all requesters, which is never used up and does not expire. NDES: UseSinglePassword. */
  single?: string;
};

/** Octets of the id of a password. */
const ID_LENGTH = 6;

/** A password in clear, to be shown once. `id` names it in the history, and is absent for `single`. `expires` is absent for one that does not expire; `validity` in milliseconds. */
export type IssuedChallenge = { password: string; id?: string; expires?: { at: Date; validity: number } };

/** Issues passwords for one endpoint. */
export interface ChallengeIssuer {
  /** The name of the endpoint at which alone the passwords are valid. */
  readonly endpoint: string;
  /** The path of the endpoint, by which administrators may ask for it too. */
  readonly path?: string;
  /**
   * `full`: as many passwords as `max` allows are neither used nor expired. With a binding the password is accepted for
   * its subject and names only. Throws BindingError for a `single` password, which cannot be bound, and what the store
   * throws.
   */
  issue(administrator: Administrator, binding?: ChallengeBinding): Promise<IssuedChallenge | 'full'>;
}

/** What an issuer of passwords takes from outside. */
export type ChallengeServices = { store: Pick<Store, 'addChallenge'>; clock: Clock; random: RandomBytes };

/** The issuer for one endpoint. The store keeps a hash of each password. */
export function challengeIssuer(
  endpoint: string,
  rules: ChallengeRules,
  { store, clock, random }: ChallengeServices,
): ChallengeIssuer {
  const { single, validity, max, length } = rules;
  return {
    endpoint,
    async issue({ actor, source }, binding) {
      if (single !== undefined && binding) throw new BindingError('the endpoint has one password for all (`single`)');
      if (single !== undefined) return { password: single };
      // Upper case: programs that read NDES's page look for [A-F0-9].
      const password = Buffer.from(random(length)).toString('hex').toUpperCase();
      const createdAt = clock();
      const at = new Date(createdAt.getTime() + validity);
      // Random too, and no part of a hash: short passwords could be found by their hash.
      const id = Buffer.from(random(ID_LENGTH)).toString('hex');
      const added = await store.addChallenge(
        { endpoint, password, createdAt, expiresAt: at, origin: { id, actor, source }, ...(binding && { binding }) },
        max,
      );
      return added ? { password, id, expires: { at, validity } } : 'full';
    },
  };
}

/** The line of history that says who got a password, for those who ask for one by hand. `id`: that of the password, if it has one. */
export const passwordEntry = (management: Management<unknown>, endpoint: string, id = 'single'): AuditEntry =>
  auditEntry(management, { event: 'password-issued', endpoint, transactionId: '', detail: id });

/** The issuer of the endpoint with this name or, failing that, this path; without either the only issuer there is. */
export const issuerFor = (
  issuers: readonly ChallengeIssuer[],
  endpoint: string | undefined,
): ChallengeIssuer | undefined =>
  endpoint === undefined
    ? only(issuers)
    : (issuers.find((issuer) => issuer.endpoint === endpoint) ?? issuers.find(({ path }) => path === endpoint));

const only = <T>([first, ...others]: readonly T[]): T | undefined => (others.length === 0 ? first : undefined);
