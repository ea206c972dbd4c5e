/** Where keys of people belong, as the configuration says. */
import type { UserKeySource } from '../actions/user-key-source.ts';
import type { EndpointConfig } from '../config/endpoints.ts';
import type { Config } from '../config/schema.ts';

/** What the desk of a server has. Keys of the tenant of `pfx.people` belong to the endpoint that issues, and to its authority. */
export const userKeySource = ({
  pfx,
  tenants,
  endpoints,
}: Pick<Config, 'pfx' | 'tenants'> & { endpoints: readonly EndpointConfig[] }): UserKeySource => {
  const issuing = endpoints.find(({ name }) => name === pfx?.people?.endpoint);
  const at = issuing ? { endpoint: issuing.name, authority: issuing.authority.name } : {};
  return {
    isConfigured: pfx !== undefined,
    places: Object.keys(tenants).map((tenant) => ({ tenant, ...(tenant === pfx?.people?.tenant && at) })),
  };
};
