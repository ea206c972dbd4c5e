/** The administrator's listener over a real store, without a socket. Passwords are compared without scrypt. */
import type { TestContext } from 'node:test';
import { type AccessOptions, accessOf } from '../../src/access/access-checks.ts';
import { loginGuard } from '../../src/access/login-guard.ts';
import { tokenNamed } from '../access/access-under-test.ts';
import { basicAuthentication } from '../../src/access/basic-authentication.ts';
import { challengeIssuer, type ChallengeRules } from '../../src/manage/one-time-passwords.ts';
import { adminServer } from '../../src/admin/admin-server.ts';
import type { Store } from '../../src/core/store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { handClock } from '../kit/clock.ts';
import { PATH } from '../kit/endpoint-under-test.ts';
import { keptLog } from '../kit/log.ts';
import { issuing, random } from '../kit/pki.ts';

export { PATH };
export const LAB = '/scep/lab';
export const PAGE = '/certsrv/mscep_admin/';
export const TOKEN = 'a-token-of-more-than-16';
export const MINUTE = 60_000;
const RULES: ChallengeRules = { validity: 60 * MINUTE, max: 5, length: 8 };

export const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`;
export const AUTHORIZED = { authorization: basic('ndes:right') };
export const BEARER = { authorization: `Bearer ${TOKEN}` };

export type Different = Partial<ChallengeRules> & { wrap?: (store: Store) => Store; token?: string | undefined };

/** Two endpoints, one user `ndes` with the password `right`, and the API. */
export async function adminUnderTest(t: TestContext, different: Different = {}) {
  const { wrap = (store: Store) => store, ...rules } = different;
  const clock = handClock();
  const log = keptLog();
  const store = await openSqliteStore({ path: ':memory:', clock });
  const pages = [PATH, LAB].map((path) => ({
    path,
    issuer: challengeIssuer(path, { ...RULES, ...rules }, { store: wrap(store), clock, random }),
    caCertificate: issuing.certificate,
  }));
  const authenticate = basicAuthentication({
    users: new Map([
      ['ndes', { kdf: 'scrypt', ln: 16, r: 8, p: 1, salt: Buffer.from('salt'), hash: Buffer.from('right') }],
    ]),
    clock,
    emit: log.emit,
    matches: async (password, { hash }) => Buffer.from(password).equals(hash),
    pause: async (milliseconds) => clock.forward(milliseconds),
  });
  const access = accessWith(store, { clock, emit: log.emit });
  const app = await adminServer({ pages, authenticate, access, clock, emit: log.emit });
  t.after(async () => {
    await app.close();
    await store.close();
  });
  const page = async (url = PAGE, headers: Record<string, string> = AUTHORIZED) => {
    const response = await app.inject({ url, headers });
    return { ...response, status: response.statusCode, headers: response.headers, octets: response.rawPayload };
  };
  return { app, store, clock, log, pages, authenticate, access, page };
}

/** The token of role admin, and nobody who logs in. */
const accessWith = (store: Store, parts: Pick<AccessOptions, 'clock' | 'emit'>) =>
  accessOf({
    ...parts,
    tokens: [tokenNamed('token', TOKEN, { grant: { role: 'admin' } })],
    users: new Map(),
    times: { idle: MINUTE, longest: MINUTE },
    transport: 'https',
    store,
    random,
    guard: loginGuard(parts.clock),
  });

/** The page as Fleet decodes it: by its byte order mark, as big endian without one. */
export const decoded = (octets: Uint8Array): string => {
  const little = octets[0] === 0xff && octets[1] === 0xfe;
  return new TextDecoder(little ? 'utf-16le' : 'utf-16be').decode(octets);
};

/** The password on a page, as Fleet finds it. */
export const passwordOn = (octets: Uint8Array): string | undefined =>
  /The enrollment challenge password is: <B> (?<password>\S*)/i.exec(decoded(octets))?.groups?.['password'];
