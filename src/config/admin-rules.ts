/** Rules for `admin`: what roles are limited to must be there. */
import type { Config } from './schema.ts';
import { isHashAlone, limitsOf } from './admin-access.ts';
import type { Finding } from './yaml/schema-problems.ts';
import { didYouMean } from './yaml/did-you-mean.ts';
import type { Found, GrantLimits, Rule, ValidParts } from './valid-parts.ts';

/** Every grant of the section. */
export function grantsIn(admin: Config['admin']): Found<GrantLimits>[] {
  if (!admin) return [];
  const tokens = Object.entries(admin.tokens).map(([name, token]) => ({
    path: ['admin', 'tokens', name],
    value: limitsOf(token),
  }));
  const users = Object.entries(admin.users).flatMap(([name, user]) =>
    isHashAlone(user) ? [] : [{ path: ['admin', 'users', name], value: limitsOf(user) }],
  );
  const roles = Object.entries(admin.oidc?.roles ?? {}).flatMap(([name, role]) =>
    typeof role === 'string' ? [] : [{ path: ['admin', 'oidc', 'roles', name], value: limitsOf(role) }],
  );
  return [...tokens, ...users, ...roles];
}

/** A role that is limited to a place with a typing mistake would hold nowhere. */
function unknownPlaces({ grants, names: known }: ValidParts): Finding[] {
  return grants.flatMap(({ path, value }) =>
    (['endpoints', 'authorities', 'tenants'] as const).flatMap((kind) =>
      (value[kind] ?? []).flatMap((name, index) =>
        known[kind].includes(name)
          ? []
          : [
              {
                path: [...path, kind, index],
                at: 'value' as const,
                what: `nothing in \`${kind}\` has this name`,
                remedy: didYouMean(name, known[kind]),
              },
            ],
      ),
    ),
  );
}

/** Without a CA no certificate is asked for. */
function unprovableCertificates({ certificateUsers }: ValidParts): Finding[] {
  return certificateUsers.map((name) => ({
    path: ['admin', 'users', name, 'certificate'],
    at: 'value',
    what: 'nobody is asked for a certificate',
    remedy: 'Name the CA of the certificate: `admin: { tls: { clientCa: client-ca.pem } }`.',
  }));
}

/** Users who cannot log in without a certificate, where none is asked for. */
export const usersWithoutCa = (admin: Config['admin']): string[] =>
  admin?.tls?.clientCa === undefined
    ? Object.entries(admin?.users ?? {}).flatMap(([name, user]) =>
        !isHashAlone(user) && user.certificate !== undefined ? [name] : [],
      )
    : [];

/** All of them. */
export const ADMIN_RULES: readonly Rule[] = [
  { severity: 'error', check: unknownPlaces },
  { severity: 'error', check: unprovableCertificates },
];
