/** The provider of logins, as the configuration says. */
import type { AccessOptions } from '../access/access-checks.ts';
import { byCertificate, bySecret } from '../access/oidc-credential.ts';
import { oidcLogin } from '../access/oidc-login.ts';
import { limitsOf } from '../config/admin-access.ts';
import type { Config } from '../config/schema.ts';
import type { RoleGrant } from '../core/access.ts';
import { defined } from '../core/defined.ts';
import type { Clock } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import { readPrivateFile, readTrustedFile } from './files.ts';

type Admin = NonNullable<Config['admin']>;
type Oidc = NonNullable<Admin['oidc']>;

/** Undefined where people log in with passwords alone. Throws ConfigError. */
export function configuredOidc({ oidc, publicUrl }: Admin, clock: Clock): AccessOptions['oidc'] {
  if (!oidc || publicUrl === undefined) return undefined;
  const { issuer, clientId, claim, scope } = oidc;
  const grants = oidcGrants(oidc);
  const options = { issuer, clientId, claim, scope, publicUrl, clock, auth: credentialOf(oidc) };
  const tenant = oidc.tenant?.toLowerCase() ?? tenantOf(issuer);
  return { login: oidcLogin({ ...options, ...defined({ tenant }), roles: new Set(grants.keys()) }), grants };
}

/** By the roles of the provider. */
export const oidcGrants = ({ roles }: Pick<Oidc, 'roles'>): Map<string, RoleGrant> =>
  new Map(Object.entries(roles).map(([name, role]) => [name, grantOf(role)]));

const grantOf = (role: Oidc['roles'][string]): RoleGrant =>
  typeof role === 'string' ? { role } : { role: role.role, ...limitsOf(role) };

/** Entra's issuers have it in their path. */
const tenantOf = (issuer: string): string | undefined =>
  /^https:\/\/login\.(?:microsoftonline|partner\.microsoftonline)\.\w+\/([\da-f-]{36})\//i
    .exec(issuer)?.[1]
    ?.toLowerCase();

function credentialOf({ clientSecret, clientCertificate, clientKey }: Oidc) {
  if (clientCertificate === undefined || clientKey === undefined) return bySecret(clientSecret ?? '');
  const certificate = readTrustedFile(clientCertificate, 'the certificate of the app').toString();
  const key = readPrivateFile(clientKey, 'the key of the app').toString();
  try {
    return byCertificate({ certificate, key });
  } catch (cause) {
    throw new ConfigError(
      `${clientCertificate} and ${clientKey} cannot be used as the credential of the app`,
      'Give a certificate in PEM, and its RSA or P-256 key in PEM without passphrase.',
      { cause },
    );
  }
}
