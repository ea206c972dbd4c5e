/** Graph: the addresses of the tenant's Intune services. */
import { graphError } from './error-bodies.ts';
import { type ServiceHandler, json } from './service-call.ts';
import type { ServiceSite } from './site.ts';
import { ROLES, type TokenAuthority } from './tokens.ts';

/** Path of the endpoints of Intune's service principal, by its well-known application id. */
export const DISCOVERY_PATH = '/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints';

/** A host outside the cloud. A client must not send a token to it. */
const EVIL = 'https://evil.example';

/** `GET` of DISCOVERY_PATH. Faults: `lowercase-keys` for the member names, `evil-host` for the addresses. */
export const discovery =
  (tokens: TokenAuthority): ServiceHandler =>
  (call, responseFault) => {
    const token = tokens.check(call.headers.authorization, call.site.graph, call.at);
    if ('problem' in token)
      return graphError(call, { status: 401, code: 'InvalidAuthenticationToken', text: token.problem });
    if (!token.claims.roles?.includes(ROLES.readApplications))
      return graphError(call, {
        status: 403,
        code: 'Authorization_RequestDenied',
        text: 'Insufficient privileges to complete the operation.',
      });
    const { site } = call;
    const endpoints = responseFault === 'evil-host' ? endpointsOf(site).map(atEvilHost) : endpointsOf(site);
    const value = responseFault === 'lowercase-keys' ? endpoints.map(lowerCaseKeys) : endpoints;
    return json(200, { '@odata.context': `${site.graph}/v1.0/$metadata#endpoints`, value });
  };

type GraphEndpoint = { id: string; deletedDateTime: null; capability: string; uri: string } & Record<
  'providerId' | 'providerName' | 'providerResourceId' | 'serviceName',
  string
>;

const endpointsOf = (site: ServiceSite): GraphEndpoint[] => [
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
