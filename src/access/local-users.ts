/** Users of the configuration who log in at the pages: a password, and a second factor or a certificate of the client. */
import { createHash } from 'node:crypto';
import type { RoleGrant } from '../core/access.ts';
import type { Clock } from '../core/environment.ts';
import type { SessionStore } from '../core/session-store.ts';
import type { LoginGuard } from './login-guard.ts';
import { type PasswordHash, passwordMatches } from './password-hash.ts';
import { type SecondFactor, stepOfCode } from './totp.ts';

/**
 * One user. At least one of `totp` and `certificate` is there; of both, both are asked. `certificate`: the subject of the
 * client's certificate (RFC 4514).
 */
export type LocalUser = { password: PasswordHash; grant: RoleGrant; totp?: SecondFactor; certificate?: string };

/** What a person sends. `certificate`: the subject of the certificate that TLS has verified. */
export type Credentials = { user: string; password: string; code?: string; certificate?: string };

/** `wrong`: the person is not told what. `user` only where there is such a user: people type passwords into the wrong field. */
export type LocalLogin = { kind: 'known'; name: string; basis: string } | { kind: 'wrong' | 'busy'; user?: string };

/** What checks take from outside. */
export type LocalLoginOptions = {
  users: ReadonlyMap<string, LocalUser>;
  store: Pick<SessionStore, 'useLoginCode'>;
  clock: Clock;
  guard: LoginGuard;
  /** Replaceable, because a real comparison takes a tenth of a second. */
  matches?: typeof passwordMatches;
};

/** Checks the credentials of a person at this address. */
export function localLogin(
  options: LocalLoginOptions,
): (credentials: Credentials, address: string) => Promise<LocalLogin> {
  const { users, guard, matches = passwordMatches } = options;
  const [anyUser] = users.values();
  return async (credentials, address) => {
    const user = users.get(credentials.user);
    const expected = user ?? anyUser;
    if (!expected) return { kind: 'wrong' };
    const named = user ? { user: credentials.user } : {};
    const { outcome, tooMany } = await guard({ address, user: credentials.user }, async () => {
      // An unknown user takes as long as a known one, and a wrong code as long as a right one.
      const isRight = await matches(credentials.password, expected.password);
      return isRight && user !== undefined && (await secondIsRight(user, credentials, options));
    });
    if (outcome === true && user) return { kind: 'known', name: credentials.user, basis: basisOf(user) };
    return { kind: outcome === 'busy' || tooMany ? 'busy' : 'wrong', ...named };
  };
}

/** A code is used up only together with the right password, so that nobody else can use it up. */
async function secondIsRight(
  { totp, certificate }: LocalUser,
  sent: Credentials,
  { store, clock }: LocalLoginOptions,
): Promise<boolean> {
  if (certificate !== undefined && certificate !== sent.certificate) return false;
  if (!totp) return certificate !== undefined;
  const step = stepOfCode(totp, sent.code ?? '', clock());
  return step !== undefined && (await store.useLoginCode(sent.user, step));
}

/** What the sessions of a user rest on: it is another one after the password or a factor was changed. */
export const basisOf = ({ password, totp, certificate }: LocalUser): string =>
  createHash('sha256')
    .update(`${Buffer.from(password.hash).toString('hex')} ${totp?.secret.hex ?? ''} ${certificate ?? ''}`)
    .digest('hex');
