/** How a tenant's tokens are fetched: from Entra with the credential of the app, or from the platform of the managed identity. */
import { ConfigError } from '../core/errors.ts';
import { exchangeAudience, type IntuneCloud } from './clouds.ts';
import { type CredentialOptions, entraCredential, type CredentialContext } from './credentials.ts';
import type { HttpsExchange } from './https-exchange.ts';
import type { FetchToken } from './kept-tokens.ts';
import { assertIdentity, identityToken } from './platform-identity.ts';
import { assertTenant } from './tenant-settings.ts';
import { entraToken } from './token.ts';

/** The app in its tenant, with its credential. `clientId` may be absent for a managed identity only. */
type TokenOptions = CredentialOptions &
  Pick<CredentialContext, 'clock' | 'uuid'> & { tenant: string; clientId?: string | undefined };

/** Returns what fetches tokens for a resource. Throws ConfigError for settings that cannot work. */
export function tokenFetcher(
  options: TokenOptions,
  cloud: IntuneCloud,
  exchange: HttpsExchange,
): (resource: string) => FetchToken {
  assertUsable(options);
  const { managedIdentity, tenant, clientId = '', clock } = options;
  if (managedIdentity)
    return (resource) =>
      identityToken({ identity: managedIdentity, clientId: clientId || undefined, resource, exchange, clock });
  const context = {
    ...options,
    clientId,
    audience: exchangeAudience(cloud),
    endpoint: `${cloud.login}/${tenant}/oauth2/v2.0/token`,
  };
  const credential = () => entraCredential(options, context);
  return (resource) =>
    entraToken({ tenant, clientId, login: cloud.login, scope: `${resource}/.default`, credential, exchange, clock });
}

function assertUsable(options: TokenOptions): void {
  const { clientId, clientSecret, managedIdentity } = options;
  if (clientSecret === '')
    throw new ConfigError('clientSecret: is empty', 'Give the value of a client secret, for example by `${env:NAME}`.');
  assertTenant(options);
  if (managedIdentity) assertIdentity(managedIdentity, clientId);
  else if (!clientId)
    throw new ConfigError('clientId: is empty', 'Give the application (client) id of the app registration.');
}
