/** The identity by which keys in Azure are used: from the variables of Azure's own tools, or the managed identity of this machine. */
import { randomUUID } from 'node:crypto';
import { ConfigError } from '../core/errors.ts';
import { systemClock } from '../embed/system.ts';
import type { CredentialOptions } from '../intune/credentials.ts';
import { httpsExchange } from '../intune/https-exchange.ts';
import type { FetchToken } from '../intune/kept-tokens.ts';
import type { IdentityPlatform } from '../intune/platform-identity.ts';
import { tokenFetcher } from '../intune/token-fetcher.ts';
import { readFileAtOnce } from './files.ts';
import { arcChallenge } from './arc-challenge.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Milliseconds of one exchange. */
const CALL_MS = 5_000;

/** What asks for tokens, and what closes its connections. Throws ConfigError for variables that do not fit together. */
export function azureCredential(
  resource: string,
  env: Env = process.env,
): { fetch: FetchToken; close: () => Promise<void> } {
  const { exchange, close } = httpsExchange({ callMs: CALL_MS });
  const login = env['AZURE_AUTHORITY_HOST']?.replace(/\/+$/, '') ?? 'https://login.microsoftonline.com';
  const clientId = env['AZURE_CLIENT_ID'] || undefined;
  const tenant = env['AZURE_TENANT_ID'];
  const options = { clientId, clock: systemClock, uuid: randomUUID, ...credentialIn(env) };
  if (!options.managedIdentity && (!tenant || !clientId))
    throw new ConfigError(
      'AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE is set without AZURE_TENANT_ID and AZURE_CLIENT_ID',
      'Set all three, or none for the managed identity of this machine.',
    );
  // A tenant is not asked for a token of a managed identity.
  const cloud = { login, graph: login, intune: login, trusts: () => false };
  const fetcher = tokenFetcher({ ...options, tenant: tenant || NO_TENANT }, cloud, exchange);
  return { fetch: fetcher(resource), close };
}

/** A managed identity needs none. */
const NO_TENANT = '00000000-0000-0000-0000-000000000000';

/** Octets; the assertions of all platforms are much shorter. */
const ASSERTION_LIMIT = 65_536;

function credentialIn(env: Env): CredentialOptions {
  const file = env['AZURE_FEDERATED_TOKEN_FILE'];
  if (file)
    return { federated: { file, read: () => readFileAtOnce(file, 'the assertion', ASSERTION_LIMIT).toString() } };
  const clientSecret = env['AZURE_CLIENT_SECRET'];
  if (clientSecret) return { clientSecret };
  const endpoint = env['IDENTITY_ENDPOINT'];
  const header = env['IDENTITY_HEADER'];
  const from: IdentityPlatform = endpoint ? (header ? 'app-service' : 'arc') : 'imds';
  return { managedIdentity: { from, endpoint, header, readChallenge: (path) => arcChallenge(path) } };
}
