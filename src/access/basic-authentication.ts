/** Basic authentication (RFC 7617) of administrators against hashed passwords. The cost of wrong logins is bounded. */
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { type LoginGuard, loginGuard } from './login-guard.ts';
import { type PasswordHash, passwordMatches } from './password-hash.ts';
import type { Pause } from './slow-lane.ts';

/**
 * `anonymous`: no credentials, as in the first request of every browser. `wrong`: the user or the password; the client
 * is not told which. `busy`: too many logins at once, or a wrong one after too many from this address.
 */
export type Login = { kind: 'known'; user: string } | { kind: 'anonymous' | 'wrong' | 'busy' };

/** Checks the Authorization header of a request from this address. */
export type Authenticate = (authorization: string | undefined, address: string) => Promise<Login>;

/** What the check takes from outside. */
export type AuthenticationOptions = {
  /** Hashes by user name. */
  users: ReadonlyMap<string, PasswordHash>;
  clock: Clock;
  emit: Emit;
  /** Replaceable, because a real comparison takes a tenth of a second. */
  matches?: typeof passwordMatches;
  /** Replaceable, because a real pause takes seconds. */
  pause?: Pause;
  /** Shared with other ways to log in; one of its own when absent. */
  guard?: LoginGuard;
};

/**
 * The check for one set of users; it counts the failures of all listeners that share it. A right password is accepted
 * however many wrong ones came from its address; beyond ten a minute they are compared slowly, so guessing stays slow.
 */
export function basicAuthentication(options: AuthenticationOptions): Authenticate {
  const { users, clock, emit, matches = passwordMatches, pause } = options;
  const { guard = loginGuard(clock, pause) } = options;
  const [dummyHash] = users.values();

  async function login({ user, password }: Credentials, address: string, dummy: PasswordHash): Promise<Login> {
    const expected = users.get(user);
    // Constant time: an unknown user takes as long as a known one, so the time does not reveal which users exist.
    const compare = async () => (await matches(password, expected ?? dummy)) && expected !== undefined;
    const { outcome, tooMany } = await guard({ address, user }, compare);
    if (outcome === 'busy') return { kind: 'busy' };
    if (outcome) return { kind: 'known', user };
    // A name that is no user is not logged: people type passwords into the wrong field.
    emit({ event: 'administrator-login-failed', ip: address, ...(expected && { user }) });
    return { kind: tooMany ? 'busy' : 'wrong' };
  }

  const running = new Map<string, Promise<Login>>();
  /** A program that asks for many passwords at once sends one login many times: it is compared and counted once. */
  function shared(key: string, work: () => Promise<Login>): Promise<Login> {
    const result = running.get(key) ?? work().finally(() => running.delete(key));
    running.set(key, result);
    return result;
  }

  return async (authorization, address) => {
    const credentials = readCredentials(authorization);
    if (!credentials || !dummyHash) return { kind: authorization === undefined ? 'anonymous' : 'wrong' };
    return shared(`${address} ${authorization}`, () => login(credentials, address, dummyHash));
  };
}

type Credentials = { user: string; password: string };

/** Clients made for NDES send `DOMAIN\user` or `user@domain`; the configuration has the user alone. */
const withoutDomain = (user: string): string => user.replace(/^.*\\/s, '').replace(/@.*$/s, '');

function readCredentials(authorization = ''): Credentials | undefined {
  const [, base64] = /^basic +([A-Za-z0-9+/=_-]{1,2048})$/i.exec(authorization) ?? [];
  const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(base64 ?? '', 'base64').toString('utf8')) ?? [];
  return user !== undefined && password !== undefined ? { user: withoutDomain(user), password } : undefined;
}
