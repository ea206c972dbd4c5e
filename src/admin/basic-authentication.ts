/** Basic authentication (RFC 7617) of administrators against hashed passwords, at a price that strangers cannot drive up. */
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { type Attempts, attempts } from './attempts.ts';
import { type PasswordHash, passwordMatches } from './password-hash.ts';

/**
 * `anonymous`: came without credentials, as every browser does at first. `wrong`: user or password; nobody learns which.
 * `busy`: too many logins at once, or too many failed ones from this address.
 */
export type Login = { kind: 'known'; user: string } | { kind: 'anonymous' | 'wrong' | 'busy' };

/** Judges the Authorization header of a request from this address. */
export type Authenticate = (authorization: string | undefined, address: string) => Promise<Login>;

export type AuthenticationOptions = {
  /** Hashes by user name. */
  users: ReadonlyMap<string, PasswordHash>;
  clock: Clock;
  emit: Emit;
  /** Replaceable, because a real comparison takes a tenth of a second. */
  matches?: typeof passwordMatches;
};

/** Each takes a core and 64 MiB for a tenth of a second. */
const MOST_AT_ONCE = 2;
const MOST_WAITING = 32;

export function basicAuthentication(options: AuthenticationOptions): Authenticate {
  const { users, clock, emit, matches = passwordMatches } = options;
  const failures: Attempts = attempts(clock);
  const inTurn = turns(MOST_AT_ONCE, MOST_WAITING);
  const [stranger] = users.values();

  return async (authorization, address) => {
    const credentials = readCredentials(authorization);
    if (!credentials || !stranger) return { kind: authorization === undefined ? 'anonymous' : 'wrong' };
    if (failures.tooMany(address)) return { kind: 'busy' };
    const { user, password } = credentials;
    const expected = users.get(user);
    // An unknown user costs what a known one does, so that the time tells nobody who exists.
    const right = await inTurn(() => matches(password, expected ?? stranger));
    if (right === 'busy') return { kind: 'busy' };
    if (right && expected) return { kind: 'known', user };
    failures.failed(address);
    // Not the name that was given: people type passwords into the wrong field.
    emit({ event: 'administrator-login-failed', ip: address, ...(expected && { user }) });
    return { kind: 'wrong' };
  };
}

/** Clients made for NDES send `DOMAIN\user` or `user@domain`; the user alone is ours. */
const withoutDomain = (user: string): string => user.replace(/^.*\\/s, '').replace(/@.*$/s, '');

function readCredentials(authorization = ''): { user: string; password: string } | undefined {
  const [, base64] = /^basic +([A-Za-z0-9+/=_-]{1,2048})$/i.exec(authorization) ?? [];
  const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(base64 ?? '', 'base64').toString('utf8')) ?? [];
  return user !== undefined && password !== undefined ? { user: withoutDomain(user), password } : undefined;
}

/** Runs `most` at once and lets `queue` wait; one more is told `busy`. */
function turns(most: number, queue: number): <T>(work: () => Promise<T>) => Promise<T | 'busy'> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= most && waiting.length >= queue) return 'busy';
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      // The place goes to the next one without becoming free in between.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
