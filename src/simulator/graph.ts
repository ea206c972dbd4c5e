/** Graph: where the Intune services of the tenant are. */
import { graphError } from './error-bodies.ts';
import { type Handler, json } from './service-call.ts';
import type { Site } from './site.ts';
import { ROLES, type TokenAuthority } from './tokens.ts';

/** The list of endpoints of Intune's own service principal, by its well-known application id. */
export const DISCOVERY_PATH = '/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints';

/** Where a client must never send its token: outside the services of the cloud it is configured for. */
const EVIL = 'https://evil.example';

/** `GET` of the path above. The twists: member names in lower case, and addresses at a foreign host. */
export const discovery =
  (tokens: TokenAuthority): Handler =>
  (exchange, twist) => {
    const token = tokens.check(exchange.headers.authorization, exchange.site.graph, exchange.at);
    if ('problem' in token) return graphError(exchange, 401, 'InvalidAuthenticationToken', token.problem);
    if (!token.claims.roles?.includes(ROLES.readApplications))
      return graphError(
        exchange,
        403,
        'Authorization_RequestDenied',
        'Insufficient privileges to complete the operation.',
      );
    const { site } = exchange;
    const endpoints = twist === 'evil-host' ? endpointsOf(site).map(atEvilHost) : endpointsOf(site);
    const value = twist === 'lowercase-keys' ? endpoints.map(lowerCaseKeys) : endpoints;
    return json(200, { '@odata.context': `${site.graph}/v1.0/$metadata#endpoints`, value });
  };

type GraphEndpoint = { id: string; deletedDateTime: null; capability: string; uri: string } & Record<
  'providerId' | 'providerName' | 'providerResourceId' | 'serviceName',
  string
>;

const endpointsOf = (site: Site): GraphEndpoint[] => [
  endpoint('5a1f6d9e-0c3b-4f0e-9f57-2f6d8a3b7c01', 'PkiConnectorFEService', site.connector),
  endpoint('5a1f6d9e-0c3b-4f0e-9f57-2f6d8a3b7c02', 'ScepRequestValidationFEService', site.validation),
];

const endpoint = (id: string, name: string, uri: string): GraphEndpoint => ({
  id,
  deletedDateTime: null,
  capability: name,
  providerId: '0000000a-0000-0000-c000-000000000000',
  providerName: name,
  providerResourceId: name,
  serviceName: name,
  uri,
});

const atEvilHost = (entry: GraphEndpoint): GraphEndpoint => ({ ...entry, uri: EVIL + new URL(entry.uri).pathname });

const lowerCaseKeys = (entry: object): object =>
  Object.fromEntries(Object.entries(entry).map(([key, value]) => [key.toLowerCase(), value as unknown]));
