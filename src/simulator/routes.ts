/** The paths of Entra, Graph and Intune. The named groups of a pattern are the parameters of the call. */
import type { RevocationQueue } from './connector/revocation-queue.ts';
import { downloadRevocationRequests, uploadRevocationResults } from './connector/revocation-routes.ts';
import { instance, keys, openid } from './entra/metadata.ts';
import { token } from './entra/token-endpoint.ts';
import { application } from './graph/application.ts';
import { discovery, INTUNE_APP, legacyDiscovery } from './graph/service-endpoints.ts';
import { scepAction } from './scep-action-routes.ts';
import { ACTIONS, type ServiceHandler, type ServiceHop } from './service-call.ts';
import { CONNECTOR_PATH, type SimulatedCloud, VALIDATION_PATH } from './site.ts';
import type { SimulatorState } from './state.ts';
import type { TokenAuthority } from './tokens.ts';
import type { Validation } from './validation.ts';

/** One path of a service. */
export type ServiceRoute = { hop: ServiceHop; method: 'GET' | 'POST'; pattern: RegExp; handler: ServiceHandler };

/** What the handlers work on. */
export type RouteServices = {
  cloud: SimulatedCloud | undefined;
  state: SimulatorState;
  tokens: TokenAuthority;
  validation: Validation;
  revocations: RevocationQueue;
};

const TENANT = '(?<tenant>[^/]+)';
const SERVICE_PRINCIPAL = String.raw`servicePrincipals(?:/appId=${INTUNE_APP}|\(appId='${INTUNE_APP}'\))`;
const path = (text: string): RegExp => new RegExp(`^${text}$`, 'i');

/** All routes. The first that fits the method and the decoded path answers. */
export const serviceRoutes = ({
  cloud,
  state,
  tokens,
  validation,
  revocations,
}: RouteServices): readonly ServiceRoute[] => [
  { hop: 'instance', method: 'GET', pattern: path('/common/discovery/instance'), handler: instance(cloud) },
  { hop: 'openid', method: 'GET', pattern: path(`/${TENANT}/v2[.]0${OPENID}`), handler: openid('v2', state) },
  { hop: 'openid', method: 'GET', pattern: path(`/${TENANT}${OPENID}`), handler: openid('v1', state) },
  { hop: 'keys', method: 'GET', pattern: path(`/${TENANT}/discovery(/v2[.]0)?/keys`), handler: keys(state, tokens) },
  {
    hop: 'token',
    method: 'POST',
    pattern: path(`/${TENANT}/oauth2/v2[.]0/token`),
    handler: token('v2', state, tokens),
  },
  { hop: 'tokenV1', method: 'POST', pattern: path(`/${TENANT}/oauth2/token`), handler: token('v1', state, tokens) },
  {
    hop: 'discovery',
    method: 'GET',
    pattern: path(`/v1[.]0/${SERVICE_PRINCIPAL}/endpoints`),
    handler: discovery(tokens),
  },
  {
    hop: 'legacyDiscovery',
    method: 'GET',
    pattern: path(`/${TENANT}/servicePrincipalsByAppId/${INTUNE_APP}/serviceEndpoints`),
    handler: legacyDiscovery(tokens),
  },
  {
    hop: 'application',
    method: 'GET',
    pattern: path(String.raw`/(v1[.]0|beta)/applications\(appId='(?<appId>[^']+)'\)`),
    handler: application(state, tokens),
  },
  {
    hop: 'downloadRevocationRequests',
    method: 'POST',
    pattern: path(`${CONNECTOR_PATH}/CertificateAuthorityRequests/downloadRevocationRequests`),
    handler: downloadRevocationRequests(tokens, revocations),
  },
  {
    hop: 'uploadRevocationResults',
    method: 'POST',
    pattern: path(`${CONNECTOR_PATH}/CertificateAuthorityRequests/uploadRevocationResults`),
    handler: uploadRevocationResults(tokens, revocations),
  },
  ...ACTIONS.map((action) => ({
    hop: action,
    method: 'POST' as const,
    pattern: path(`${VALIDATION_PATH}/ScepActions/${action}`),
    handler: scepAction(action, tokens, validation),
  })),
];

const OPENID = '/[.]well-known/openid-configuration';
