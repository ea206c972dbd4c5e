/** What in the settings of a tenant can never work: refused by the client, and before by who reads a configuration. */
import { ConfigError } from '../core/errors.ts';
import { assertProxy } from '../outbound/https-client.ts';
import { assertOneCredential } from './credentials.ts';

/** Names for several tenants, or for none: the client credentials flow needs one tenant (RFC 6749 4.4). */
const NO_TENANT = new Set(['', 'common', 'organizations', 'consumers']);

/** Throws ConfigError for a tenant that is none, for no credential or several, and for an unusable proxy. */
export function assertTenant(
  settings: { tenant: string; proxy?: string | undefined } & Parameters<typeof assertOneCredential>[0],
): void {
  const { tenant, proxy } = settings;
  if (NO_TENANT.has(tenant.toLowerCase()) || !/^[A-Za-z0-9.-]+$/.test(tenant))
    throw new ConfigError('tenant: neither a GUID nor a domain name', 'Give the id or a domain of the Entra tenant.');
  assertOneCredential(settings);
  if (proxy !== undefined) assertProxy(proxy);
}
