/** downloadRevocationRequests and uploadRevocationResults over HTTP. */
import { intuneError } from '../error-bodies.ts';
import { intuneRefusal, memberOf, parsedJson } from '../intune-request.ts';
import { type ServiceAnswer, type ServiceCall, type ServiceHandler, json } from '../service-call.ts';
import type { TokenAuthority } from '../tokens.ts';
import { revocationErrorCode } from './error-codes.ts';
import type { QueuedRevocation, RevocationQueue, RevocationResult } from './revocation-queue.ts';

const API_VERSIONS = ['5019-05-05'];
/** Microsoft's libraries allow no more, and recommend at most 100. */
const MOST = 500;

const badRequest = (call: ServiceCall, text: string): ServiceAnswer =>
  intuneError(call, { status: 400, code: 'BadRequest', text });

const answer = ({ site }: ServiceCall, type: string, value: unknown): ServiceAnswer =>
  json(200, { '@odata.context': `${site.connector}/$metadata#${type}`, value });

/** `POST …/CertificateAuthorityRequests/downloadRevocationRequests`. */
export const downloadRevocationRequests =
  (tokens: TokenAuthority, queue: RevocationQueue): ServiceHandler =>
  (call) => {
    const refused = intuneRefusal(call, tokens, API_VERSIONS);
    if (refused) return refused;
    const parameters = memberOf(parsedJson(call.body), 'downloadParameters');
    const [most, filter] = [memberOf(parameters, 'maxRequests'), memberOf(parameters, 'issuerName') ?? null];
    if (!Number.isInteger(most) || (most as number) < 1 || (most as number) > MOST)
      return badRequest(call, `The downloadParameters need maxRequests from 1 to ${MOST}.`);
    if (filter !== null && typeof filter !== 'string') return badRequest(call, 'The issuerName must be text or null.');
    return answer(call, 'Collection(caRevocationRequest)', queue.download(most as number, filter).map(requestOf));
  };

const requestOf = ({ requestContext, serialNumber, issuerName, caConfiguration }: QueuedRevocation): object => ({
  requestContext,
  serialNumber,
  issuerName,
  caConfiguration,
});

/** `POST …/CertificateAuthorityRequests/uploadRevocationResults`. */
export const uploadRevocationResults =
  (tokens: TokenAuthority, queue: RevocationQueue): ServiceHandler =>
  (call) => {
    const refused = intuneRefusal(call, tokens, API_VERSIONS);
    if (refused) return refused;
    const results = memberOf(parsedJson(call.body), 'results');
    if (!Array.isArray(results) || results.length === 0)
      return badRequest(call, 'The results must be a list that is not empty.');
    const read = results.map(readResult);
    const wrong = read.find((result) => typeof result === 'string');
    if (wrong !== undefined) return badRequest(call, wrong);
    return answer(call, 'Edm.Boolean', queue.upload(read as Uploaded[]));
  };

type Uploaded = Omit<RevocationResult, 'at'> & { requestContext: string };

/** One result, or what is wrong with it. */
function readResult(value: unknown): Uploaded | string {
  const [requestContext, succeeded] = [memberOf(value, 'requestContext'), memberOf(value, 'succeeded')];
  const [errorCode, errorMessage] = [
    revocationErrorCode(memberOf(value, 'errorCode')),
    memberOf(value, 'errorMessage') ?? null,
  ];
  if (typeof requestContext !== 'string' || requestContext === '') return 'A result needs its requestContext.';
  if (typeof succeeded !== 'boolean') return 'In a result succeeded must be true or false.';
  if (errorCode === undefined) return 'In a result errorCode must be a documented name or its number.';
  if (errorMessage !== null && typeof errorMessage !== 'string')
    return 'In a result errorMessage must be text or null.';
  return { requestContext, succeeded, errorCode, errorMessage };
}
