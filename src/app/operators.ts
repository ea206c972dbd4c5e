/** Who may do what at the administrator's listener, as the configuration says. */
import { isDeepStrictEqual } from 'node:util';
import type { Desk } from '../actions/action.ts';
import { type Access, accessOf } from '../access/access-checks.ts';
import { type NamedToken, sha256 } from '../access/bearer-tokens.ts';
import type { LocalUser } from '../access/local-users.ts';
import type { LoginGuard } from '../access/login-guard.ts';
import type { PasswordHash } from '../access/password-hash.ts';
import type { Transport } from '../access/session-cookie.ts';
import { isHashAlone, limitsOf } from '../config/admin-access.ts';
import { policiesIn } from '../config/policies.ts';
import type { EndpointConfig } from '../config/endpoints.ts';
import type { Config } from '../config/schema.ts';
import type { Belonging } from '../core/access.ts';
import { defined } from '../core/defined.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { SessionStore } from '../core/session-store.ts';
import { configuredOidc, oidcGrants } from './oidc-settings.ts';
import { systemRandom } from '../embed/system.ts';

/** The section. */
type Admin = NonNullable<Config['admin']>;

/** Users with a hash alone, who get one-time passwords by Basic. */
export const passwordUsers = ({ users }: Pick<Admin, 'users'>): Map<string, PasswordHash> =>
  new Map(Object.entries(users).flatMap(([name, user]) => (isHashAlone(user) ? [[name, user] as const] : [])));

/** The checks of this configuration. */
export const configuredAccess = (
  admin: Admin,
  parts: { store: SessionStore; clock: Clock; emit: Emit; guard: LoginGuard },
): Access =>
  accessOf({
    ...parts,
    random: systemRandom,
    tokens: tokensOf(admin),
    users: localUsers(admin),
    times: admin.session,
    transport: transportOf(admin),
    ...defined({ oidc: configuredOidc(admin, parts.clock) }),
  });

function tokensOf({ token, tokens }: Pick<Admin, 'token' | 'tokens'>): NamedToken[] {
  const named = Object.entries(tokens).map(([name, { hash, role, expires, ...limits }]) => ({
    name,
    hash,
    grant: { role, ...limitsOf(limits) },
    ...(expires && { expires }),
  }));
  if (token === undefined) return named;
  return [{ name: 'token', hash: sha256(token), grant: { role: 'admin' } }, ...named];
}

const localUsers = ({ users }: Pick<Admin, 'users'>): Map<string, LocalUser> =>
  new Map(
    Object.entries(users).flatMap(([name, user]) => {
      if (isHashAlone(user)) return [];
      const { password, totp, certificate, role, ...limits } = user;
      const factors = defined({ totp, certificate });
      return [[name, { password, ...factors, grant: { role, ...limitsOf(limits) } }] as const];
    }),
  );

type Granting = Pick<Admin, 'token' | 'tokens' | 'users'> & { oidc?: Parameters<typeof oidcGrants>[0] | undefined };

/** What the section grants now to who proposed something: nothing to who is not in it any more. */
export const grantsNowIn =
  (admin: Granting, clock: Clock): NonNullable<Desk['grantsNow']> =>
  ({ by: { kind, name = '' }, grants }) => {
    if (kind === 'program')
      return tokensOf(admin).flatMap((token) =>
        token.name === name && !(token.expires && token.expires <= clock()) ? [token.grant] : [],
      );
    const user = localUsers(admin).get(name);
    if (user) return [user.grant];
    // Of a person of a provider: which roles are still granted here. Whether the person has them, the provider knows.
    const granted = admin.oidc ? [...oidcGrants(admin.oidc).values()] : [];
    return IS_PROVIDED.test(name)
      ? grants.filter((each) => granted.some((grant) => isDeepStrictEqual(grant, each)))
      : [];
  };

const IS_PROVIDED = /^oidc |\(oidc [^()]+\)$/;

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;

/** A proxy on another machine must be known: otherwise anybody could reach the listener past it. */
export function transportOf({
  host,
  tls,
  publicUrl,
  trustProxy,
}: Pick<Admin, 'host' | 'tls' | 'publicUrl' | 'trustProxy'>): Transport {
  if (tls) return 'https';
  const isLocal = LOOPBACK.test(host);
  if (publicUrl?.startsWith('https:') && (isLocal || trustProxy)) return 'https';
  return isLocal ? 'loopback' : 'open';
}

/** Where an endpoint belongs, by its name: its authority, at one place for each of its tenants. */
export function belongingIn(endpoints: readonly EndpointConfig[]): (endpoint: string) => readonly Belonging[] {
  const known = new Map(endpoints.map((each) => [each.name, belongings(each)]));
  return (endpoint) => known.get(endpoint) ?? [{ endpoint }];
}

function belongings({ name, authority, policy }: EndpointConfig): Belonging[] {
  const place = { endpoint: name, authority: authority.name };
  const tenants = policiesIn(policy).flatMap(({ policy: each }) => (each.kind === 'intune' ? [each.tenant.name] : []));
  return tenants.length > 0 ? tenants.map((tenant) => ({ ...place, tenant })) : [place];
}
