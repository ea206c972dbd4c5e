/**
 * The endpoints from which a program gets tokens of the managed identity of its machine: App Service, the metadata
 * service of a virtual machine (IMDS), and the agent of Azure Arc.
 */
import { grantOfResource } from '../entra/grant.ts';
import { issuerOf } from '../entra/metadata.ts';
import { rolesClaim } from '../entra/token-endpoint.ts';
import { type ServiceAnswer, type ServiceCall, type ServiceHandler, json } from '../service-call.ts';
import type { ServiceSite } from '../site.ts';
import type { SimulatorState } from '../state.ts';
import type { TokenAuthority } from '../tokens.ts';
import type { ArcChallenges } from './arc-challenges.ts';

/** What the endpoints work on. `sites` are those whose resources a token may be for. */
export type IdentityServices = {
  state: SimulatorState;
  tokens: TokenAuthority;
  sites: readonly ServiceSite[];
  arc: ArcChallenges | undefined;
};

/** Tokens of managed identities are good for a day, and the platform gives the same one until shortly before its end. */
const TOKEN_SECONDS = 86_400;

const refused = (status: number, error: string, text: string, headers: Readonly<Record<string, string>> = {}) =>
  json(status, { error, error_description: text }, { headers });

/** App Service: `GET` of IDENTITY_ENDPOINT with the header X-IDENTITY-HEADER. */
export const appService =
  (services: IdentityServices): ServiceHandler =>
  (call, responseFault) => {
    if (call.headers['x-identity-header'] !== services.state.app.identity.header)
      return refused(401, 'unauthorized', 'The header X-IDENTITY-HEADER is missing or wrong.');
    return tokenAnswer(call, services, { versions: ['2019-08-01'], withoutRole: responseFault === 'no-role' });
  };

/** A virtual machine: `GET http://169.254.169.254/metadata/identity/oauth2/token` with the header Metadata. */
export const imds =
  (services: IdentityServices): ServiceHandler =>
  (call, responseFault) =>
    metadataFailure(call) ??
    tokenAnswer(call, services, { versions: VERSIONS, withoutRole: responseFault === 'no-role' });

/** Azure Arc: as IMDS, but the answer to the first call names a file, whose content the second call must bring. */
export const arc =
  (services: IdentityServices): ServiceHandler =>
  (call, responseFault) => {
    const failure = metadataFailure(call);
    if (failure) return failure;
    if (!services.arc) return refused(404, 'not_found', 'Start the simulator with a folder for the challenges of Arc.');
    if (!services.arc.accepts(call.headers.authorization))
      return refused(401, 'unauthorized', 'Read the file that WWW-Authenticate names.', {
        'www-authenticate': `Basic realm=${services.arc.challenge()}`,
      });
    return tokenAnswer(call, services, { versions: VERSIONS, withoutRole: responseFault === 'no-role' });
  };

/** Versions of the metadata service that clients are known to send. */
const VERSIONS = ['2018-02-01', '2019-08-01', '2019-11-01', '2020-06-01', '2021-02-01'];

/** The header keeps a service that can be made to forward requests from being used to get a token. */
function metadataFailure({ headers }: ServiceCall): ServiceAnswer | undefined {
  if (headers['x-forwarded-for'] !== undefined) return refused(400, 'bad_request', 'Forwarded requests are refused.');
  const given = headers['metadata'];
  return typeof given === 'string' && given.toLowerCase() === 'true'
    ? undefined
    : refused(400, 'bad_request_102', 'Required metadata header not specified.');
}

type AnswerOptions = { versions: readonly string[]; withoutRole: boolean };

function tokenAnswer(call: ServiceCall, services: IdentityServices, options: AnswerOptions): ServiceAnswer {
  const { state, tokens, sites } = services;
  const { query } = call;
  if (!options.versions.includes(query.get('api-version') ?? ''))
    return refused(400, 'bad_request', `The api-version must be one of ${options.versions.join(', ')}.`);
  const resource = query.get('resource') ?? '';
  const [found] = sites.flatMap((site) => {
    const grant = grantOfResource(resource, site);
    return grant ? [{ grant, site }] : [];
  });
  if (!found)
    return refused(400, 'invalid_resource', `AADSTS500011: The resource ${resource.slice(0, 200)} was not found.`);
  if (!isThisIdentity(query, state)) return refused(400, 'invalid_request', 'Identity not found.');
  const { grant, site } = found;
  const iat = Math.floor(call.at.getTime() / 1000);
  const exp = iat + TOKEN_SECONDS;
  const { clientId } = state.app.identity;
  const access_token = tokens.issue({
    aud: grant.audience,
    iss: issuerOf('v1', site, state),
    iat,
    nbf: iat,
    exp,
    appid: clientId,
    tid: state.tenantId,
    ...rolesClaim(options.withoutRole ? [] : state.app.roles[grant.api]),
  });
  const times = { expires_in: String(TOKEN_SECONDS), expires_on: String(exp), not_before: String(iat) };
  return json(200, { access_token, client_id: clientId, ...times, resource, token_type: 'Bearer' });
}

/** A user-assigned identity may be named; there is one, which is also the one without a name. */
function isThisIdentity(query: URLSearchParams, { app }: SimulatorState): boolean {
  const named = ['client_id', 'object_id', 'principal_id', 'mi_res_id', 'msi_res_id'].map((name) => query.get(name));
  return named.every((value) => value === null || value === app.identity.clientId);
}
