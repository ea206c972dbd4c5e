/** Who sends a request to the administrator's listener: a program by its token, a person by a session; and how people log in. */
import type { Caller } from '../actions/action.ts';
import type { RoleGrant } from '../core/access.ts';
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { SessionStore, StoredSession } from '../core/session-store.ts';
import { attempts } from './attempts.ts';
import { type NamedToken, tokenHolder } from './bearer-tokens.ts';
import { failureLog } from './failed-logins.ts';
import { basisOf, type Credentials, localLogin, type LocalUser } from './local-users.ts';
import type { LoginGuard } from './login-guard.ts';
import { type OidcAccess, oidcAccess } from './oidc-access.ts';
import type { OidcLogin } from './oidc-login.ts';
import type { passwordMatches } from './password-hash.ts';
import { sessionCookie, sessionSecret, type Transport } from './session-cookie.ts';
import { type Session, sessions, type SessionTimes } from './sessions.ts';

/** What is known of a request. `certificate`: the subject of the client's certificate that TLS has verified (RFC 4514). */
export type RequestFacts = { address: string; authorization?: string; cookie?: string; certificate?: string };

/** What the checks of one configuration are made from. */
export type AccessOptions = {
  tokens: readonly NamedToken[];
  users: ReadonlyMap<string, LocalUser>;
  times: SessionTimes;
  transport: Transport;
  store: SessionStore;
  clock: Clock;
  random: RandomBytes;
  emit: Emit;
  guard: LoginGuard;
  matches?: typeof passwordMatches;
  /** The provider of logins, and what its roles are granted here. */
  oidc?: { login: OidcLogin; grants: ReadonlyMap<string, RoleGrant> };
};

/**
 * `logged-in`: `cookie` is the value of Set-Cookie. `wrong`: user, password or second factor; the person is not told which.
 * `busy`: too many logins at once, or too many wrong ones from this address. `open`: the listener is reached without TLS.
 */
export type LoginResult = { kind: 'logged-in'; cookie: string } | { kind: 'wrong' | 'busy' | 'open' };

/** No `Caller`: `anonymous`: no credentials. `wrong`: a wrong or expired token. `busy`: too many wrong ones from this address. */
export type NoCaller = 'anonymous' | 'wrong' | 'busy';

/** The checks of one configuration. */
export type Access = {
  transport: Transport;
  /** Whether there are tokens of programs. */
  hasTokens: boolean;
  /** Whether there are people who log in. */
  hasPeople: boolean;
  /** The program of the token, else the person of the session. */
  resolveCaller(facts: RequestFacts): Promise<Caller | NoCaller>;
  /** The person of the cookie; undefined when nobody is logged in. */
  sessionOf(facts: RequestFacts): Promise<Session | undefined>;
  login(credentials: Omit<Credentials, 'certificate'>, facts: RequestFacts): Promise<LoginResult>;
  /** Login at a provider, if there is one. */
  oidc?: OidcAccess;
  /** `cookie`: the value of Set-Cookie that removes the cookie. `url`: where a person of a provider logs out there too. */
  logout(facts: RequestFacts): Promise<{ cookie: string; url?: string }>;
};

/** Makes them. */
export function accessOf(options: AccessOptions): Access {
  const { transport, oidc } = options;
  const kept = sessions({ ...options, grantsOf: (session) => grantsOf(session, options) });
  const check = localLogin(options);
  const noteFailure = failureLog(options);
  const programOf = programs(options);
  const sessionOf: Access['sessionOf'] = async ({ address, cookie }) => {
    const secret = sessionSecret(transport, cookie);
    return secret === undefined ? undefined : kept.find(secret, address);
  };
  return {
    transport,
    hasTokens: options.tokens.length > 0,
    hasPeople: options.users.size > 0 || oidc !== undefined,
    sessionOf,
    ...(oidc && { oidc: oidcAccess({ ...options, login: oidc.login, kept, noteFailure }) }),
    async resolveCaller(facts) {
      if (facts.authorization !== undefined) return programOf(facts.authorization, facts.address);
      return (await sessionOf(facts))?.caller ?? 'anonymous';
    },
    async login(sent, { address, certificate }) {
      if (transport === 'open') return { kind: 'open' };
      const login = await check({ ...sent, ...(certificate !== undefined && { certificate }) }, address);
      if (login.kind !== 'known') return noteFailure(login, address);
      const secret = await kept.begin({ method: 'local', name: login.name, basis: [login.basis], address });
      return { kind: 'logged-in', cookie: sessionCookie(transport, secret) };
    },
    async logout({ address, cookie }) {
      const secret = sessionSecret(transport, cookie);
      const ended = secret === undefined ? undefined : await kept.end(secret, address);
      const url = ended?.method === 'oidc' ? await oidc?.login.endUrl().catch(nowhere) : undefined;
      return { cookie: sessionCookie(transport), ...(url !== undefined && { url }) };
    },
  };
}

/** Its provider cannot be asked now; here the person is logged out. */
const nowhere = (): undefined => undefined;

function grantsOf(
  { method, name, basis }: StoredSession,
  { users, oidc }: Pick<AccessOptions, 'users' | 'oidc'>,
): readonly RoleGrant[] | undefined {
  if (method === 'oidc') {
    const grants = basis.flatMap((role) => oidc?.grants.get(role) ?? []);
    return grants.length > 0 ? grants : undefined;
  }
  const user = users.get(name);
  return user && basis[0] === basisOf(user) ? [user.grant] : undefined;
}

/** The right token is always accepted, however many wrong ones came from its address. */
function programs({
  tokens,
  clock,
  emit,
}: AccessOptions): (authorization: string, address: string) => Caller | NoCaller {
  const holderOf = tokenHolder(tokens, clock);
  const failures = attempts(clock);
  return (authorization, address) => {
    const holder = holderOf(authorization);
    if (holder && !holder.expired)
      return { actor: { kind: 'program', name: holder.name, address }, source: 'api', grants: [holder.grant] };
    if (failures.begin(address)) return 'busy';
    emit({ event: 'challenge-api-token-wrong', ip: address, ...(holder && { token: holder.name }) });
    return 'wrong';
  };
}
