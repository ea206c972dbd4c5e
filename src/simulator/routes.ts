/** The paths of Entra, Graph and Intune. The named groups of a pattern are the parameters of the call. */
import type { RevocationQueue } from './connector/revocation-queue.ts';
import { downloadRevocationRequests, uploadRevocationResults } from './connector/revocation-routes.ts';
import type { Directory } from './directory/directory.ts';
import type { ImportedCertificates } from './directory/imported-files.ts';
import type { IssuedCertificates } from './directory/issued-certificates.ts';
import { instance, keys, openid } from './entra/metadata.ts';
import { token } from './entra/token-endpoint.ts';
import { application } from './graph/application.ts';
import { devicesDelta, usersDelta } from './graph/delta.ts';
import { allCertificateStates, certificateStates, managedDevices } from './graph/device-lists.ts';
import {
  createImported,
  deleteImported,
  getImported,
  type ImportServices,
  listImported,
  updateImported,
} from './graph/imported-certificate-routes.ts';
import { limited, type LoadLimit } from './graph/load-limit.ts';
import { discovery, INTUNE_APP, legacyDiscovery } from './graph/service-endpoints.ts';
import { userByName } from './graph/user-by-name.ts';
import { scepAction } from './scep-action-routes.ts';
import { ACTIONS, type ServiceHandler, type ServiceHop } from './service-call.ts';
import { CONNECTOR_PATH, type SimulatedCloud, VALIDATION_PATH } from './site.ts';
import type { SimulatorState } from './state.ts';
import type { TokenAuthority } from './tokens.ts';
import type { Validation } from './validation.ts';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** One path of a service. */
export type ServiceRoute = { hop: ServiceHop; method: Method; pattern: RegExp; handler: ServiceHandler };

/** What the handlers work on. */
export type RouteServices = {
  cloud: SimulatedCloud | undefined;
  state: SimulatorState;
  tokens: TokenAuthority;
  validation: Validation;
  revocations: RevocationQueue;
  directory: Directory;
  issued: IssuedCertificates;
  imported: ImportedCertificates;
  limit: LoadLimit;
};

/** All routes. The first that fits the method and the decoded path answers. */
export const serviceRoutes = (services: RouteServices): readonly ServiceRoute[] => [
  ...entraRoutes(services),
  ...graphRoutes(services),
  ...importRoutes(services, services.limit),
  ...intuneRoutes(services),
];

const get = (hop: ServiceHop, path: string, handler: ServiceHandler): ServiceRoute => ({
  hop,
  method: 'GET',
  pattern: new RegExp(`^${path}$`, 'i'),
  handler,
});
const post = (hop: ServiceHop, path: string, handler: ServiceHandler): ServiceRoute => ({
  ...get(hop, path, handler),
  method: 'POST',
});

const TENANT = '/(?<tenant>[^/]+)';
const OPENID = '/[.]well-known/openid-configuration';

const entraRoutes = ({ cloud, state, tokens }: RouteServices): readonly ServiceRoute[] => [
  get('instance', '/common/discovery/instance', instance(cloud)),
  get('openid', `${TENANT}/v2[.]0${OPENID}`, openid('v2', state)),
  get('openid', `${TENANT}${OPENID}`, openid('v1', state)),
  get('keys', `${TENANT}/discovery(/v2[.]0)?/keys`, keys(state, tokens)),
  post('token', `${TENANT}/oauth2/v2[.]0/token`, token('v2', state, tokens)),
  post('tokenV1', `${TENANT}/oauth2/token`, token('v1', state, tokens)),
];

const SERVICE_PRINCIPAL = String.raw`servicePrincipals(?:/appId=${INTUNE_APP}|\(appId='${INTUNE_APP}'\))`;
const VERSION = '/(?:v1[.]0|beta)';
const DELTA = String.raw`(?:microsoft[.]graph[.])?delta(?:\(\))?`;
const DEVICES = 'deviceManagement';

const graphRoutes = ({ state, tokens, directory, issued }: RouteServices): readonly ServiceRoute[] => [
  get('discovery', `/v1[.]0/${SERVICE_PRINCIPAL}/endpoints`, discovery(tokens)),
  get('legacyDiscovery', `${TENANT}/servicePrincipalsByAppId/${INTUNE_APP}/serviceEndpoints`, legacyDiscovery(tokens)),
  get('application', String.raw`${VERSION}/applications\(appId='(?<appId>[^']+)'\)`, application(state, tokens)),
  get('managedDevices', `${VERSION}/${DEVICES}/managedDevices`, managedDevices(tokens, directory)),
  get('users', `${VERSION}/users/${DELTA}`, usersDelta(tokens, directory)),
  get('devices', `${VERSION}/devices/${DELTA}`, devicesDelta(tokens, directory)),
  get(
    'certificateStates',
    `/beta/${DEVICES}/deviceConfigurationsAllManagedDeviceCertificateStates`,
    allCertificateStates(tokens, { issued, directory }),
  ),
  get(
    'certificateStates',
    `/beta/${DEVICES}/deviceConfigurations/(?<profile>[^/]+)/managedDeviceCertificateStates`,
    certificateStates(tokens, { issued, directory }),
  ),
];

const IMPORTED = `/beta/${DEVICES}/userPfxCertificates`;
/** The three forms of a key in a path: quoted, as the cmdlets of Microsoft write it, and as a part of the path. */
const ONE_IMPORTED = String.raw`${IMPORTED}(?:\('?|/)(?<id>[0-9a-f]{32}-[0-9a-f]{40})(?:'?\))?`;

/** One user, and imported certificates, behind the limit of load. */
const importRoutes = (services: ImportServices, limit: LoadLimit): readonly ServiceRoute[] => {
  const at = (method: Method, path: string, handler: (services: ImportServices) => ServiceHandler): ServiceRoute => ({
    ...get('userPfxCertificates', path, limited(limit, handler(services))),
    method,
  });
  const user = userByName(services.tokens, services.directory);
  return [
    get('user', `${VERSION}/users/(?<user>[^/]+)`, limited(limit, user)),
    at('GET', IMPORTED, listImported),
    at('POST', IMPORTED, createImported),
    at('GET', ONE_IMPORTED, getImported),
    at('PATCH', ONE_IMPORTED, updateImported),
    at('DELETE', ONE_IMPORTED, deleteImported),
  ];
};

const REVOCATION = `${CONNECTOR_PATH}/CertificateAuthorityRequests`;

const intuneRoutes = ({ tokens, validation, revocations }: RouteServices): readonly ServiceRoute[] => [
  ...ACTIONS.map((action) =>
    post(action, `${VALIDATION_PATH}/ScepActions/${action}`, scepAction(action, tokens, validation)),
  ),
  post(
    'downloadRevocationRequests',
    `${REVOCATION}/downloadRevocationRequests`,
    downloadRevocationRequests(tokens, revocations),
  ),
  post(
    'uploadRevocationResults',
    `${REVOCATION}/uploadRevocationResults`,
    uploadRevocationResults(tokens, revocations),
  ),
];
