/** Basic authentication (RFC 7617) of administrators against hashed passwords. The cost of wrong logins is bounded. */
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { semaphore } from '../core/semaphore.ts';
import { attempts } from './attempts.ts';
import { type PasswordHash, passwordMatches } from './password-hash.ts';

/**
 * `anonymous`: no credentials, as in the first request of every browser. `wrong`: the user or the password; the client
 * is not told which. `busy`: too many logins at once, or too many failed ones from this address.
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
};

/** One comparison takes a core and 64 MiB for a tenth of a second. */
const COMPARISONS = { permits: 2, queue: 32 };

/** The check for one set of users; it counts the failures of all listeners that share it. */
export function basicAuthentication(options: AuthenticationOptions): Authenticate {
  const { users, clock, emit, matches = passwordMatches } = options;
  const failures = attempts(clock);
  const comparisons = semaphore(COMPARISONS);
  const [dummyHash] = users.values();

  return async (authorization, address) => {
    const credentials = readCredentials(authorization);
    if (!credentials || !dummyHash) return { kind: authorization === undefined ? 'anonymous' : 'wrong' };
    if (failures.tooMany(address)) return { kind: 'busy' };
    const { user, password } = credentials;
    const expected = users.get(user);
    // Constant time: an unknown user takes as long as a known one, so the time does not reveal which users exist.
    const right = await comparisons.run(() => matches(password, expected ?? dummyHash));
    if (right === 'busy') return { kind: 'busy' };
    if (right && expected) return { kind: 'known', user };
    failures.failed(address);
    // A name that is no user is not logged: people type passwords into the wrong field.
    emit({ event: 'administrator-login-failed', ip: address, ...(expected && { user }) });
    return { kind: 'wrong' };
  };
}

/** Clients made for NDES send `DOMAIN\user` or `user@domain`; the configuration has the user alone. */
const withoutDomain = (user: string): string => user.replace(/^.*\\/s, '').replace(/@.*$/s, '');

function readCredentials(authorization = ''): { user: string; password: string } | undefined {
  const [, base64] = /^basic +([A-Za-z0-9+/=_-]{1,2048})$/i.exec(authorization) ?? [];
  const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(base64 ?? '', 'base64').toString('utf8')) ?? [];
  return user !== undefined && password !== undefined ? { user: withoutDomain(user), password } : undefined;
}
