/** The access checks over a store in memory: one user with a second factor, one with a certificate, and tokens. */
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { type AccessOptions, accessOf, type RequestFacts } from '../../src/access/access-checks.ts';
import { parseTokenHash, tokenHashText } from '../../src/access/bearer-tokens.ts';
import type { LocalUser } from '../../src/access/local-users.ts';
import { loginGuard } from '../../src/access/login-guard.ts';
import type { PasswordHash } from '../../src/access/password-hash.ts';
import { parseSecondFactor } from '../../src/access/totp.ts';
import { HOUR, MINUTE } from '../../src/core/durations.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { handClock } from '../kit/clock.ts';
import { keptLog } from '../kit/log.ts';

/** The key of RFC 6238, appendix B, for SHA-1: `12345678901234567890`. */
export const TOTP_URI = 'otpauth://totp/openndes:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=openndes&digits=8';

/** A hash that the comparison of these tests takes for this password. */
export const hashOf = (password: string): PasswordHash => ({
  kdf: 'scrypt',
  ln: 16,
  r: 8,
  p: 1,
  salt: Buffer.from('salt'),
  hash: Buffer.from(password),
});

/** As the configuration would have it. */
export const tokenNamed = (name: string, token: string, more: object = {}) => ({
  name,
  hash: parseTokenHash(tokenHashText(token)) ?? Buffer.of(),
  grant: { role: 'operator' } as const,
  ...more,
});

export const USERS = new Map<string, LocalUser>([
  ['ada', { password: hashOf('right'), grant: { role: 'admin' }, totp: parseSecondFactor(TOTP_URI)! }],
  ['bob', { password: hashOf('right'), grant: { role: 'viewer' }, certificate: 'CN=bob' }],
]);

export const FROM: RequestFacts = { address: '203.0.113.7' };

/** `at`: where the clock begins. */
export async function accessUnderTest(t: TestContext, different: Partial<AccessOptions> = {}) {
  const clock = handClock();
  const log = keptLog();
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  const options: AccessOptions = {
    tokens: [tokenNamed('inventory', 'a-long-random-token')],
    users: USERS,
    times: { idle: 30 * MINUTE, longest: 8 * HOUR },
    transport: 'https',
    store,
    clock,
    random: randomBytes,
    emit: log.emit,
    guard: loginGuard(clock, async (milliseconds) => clock.forward(milliseconds)),
    matches: async (password, { hash }) => Buffer.from(password).equals(hash),
    ...different,
  };
  return { access: accessOf(options), options, store, clock, log };
}

/** The Cookie header after this Set-Cookie. */
export const cookieFrom = (setCookie: string): string => setCookie.split(';')[0]!;
