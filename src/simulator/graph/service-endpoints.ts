/** Graph: the addresses of the tenant's Intune services. */
import { type ServiceHandler, json } from '../service-call.ts';
import type { ServiceSite } from '../site.ts';
import { ROLES, type TokenAuthority } from '../tokens.ts';
import { graphRefusal } from './permission.ts';

/** The well-known application id of Intune, whose service principal lists its endpoints. */
export const INTUNE_APP = '0000000a-0000-0000-c000-000000000000';

/** A host outside the cloud. A client must not send a token to it. */
const EVIL = 'https://evil.example';

/** `GET /v1.0/servicePrincipals/appId={INTUNE_APP}/endpoints`, also with the id in parentheses. With the fault `evil-host` the addresses are elsewhere. */
export const discovery =
  (tokens: TokenAuthority): ServiceHandler =>
  (call, responseFault) => {
    const { site } = call;
    const refused = graphRefusal(call, tokens, { audiences: [site.graph], roles: [ROLES.readApplications] });
    if (refused) return refused;
    const endpoints = responseFault === 'evil-host' ? endpointsOf(site).map(atEvilHost) : endpointsOf(site);
    return json(200, { '@odata.context': `${site.graph}/v1.0/$metadata#endpoints`, value: endpoints });
  };

/**
 * `GET /{tenant}/servicePrincipalsByAppId/{INTUNE_APP}/serviceEndpoints`, as Microsoft's published libraries look the
 * services up. Azure AD Graph is retired; its real answer is HTTP 403, which a fault can give.
 */
export const legacyDiscovery =
  (tokens: TokenAuthority): ServiceHandler =>
  (call) => {
    const { site } = call;
    const audiences = [site.aadGraph, site.graph];
    const refused = graphRefusal(call, tokens, { audiences, roles: [ROLES.readApplications] });
    if (refused) return refused;
    const value = endpointsOf(site).map(({ capability, serviceName, uri }) => ({
      'odata.type': 'Microsoft.DirectoryServices.ServiceEndpoint',
      capability,
      serviceId: INTUNE_APP,
      serviceName,
      uri,
    }));
    return json(200, { 'odata.metadata': `${site.aadGraph}/$metadata#directoryObjects`, value });
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
  providerId: INTUNE_APP,
  providerName: name,
  providerResourceId: name,
  serviceName: name,
  uri,
});

const atEvilHost = (entry: GraphEndpoint): GraphEndpoint => ({ ...entry, uri: EVIL + new URL(entry.uri).pathname });
