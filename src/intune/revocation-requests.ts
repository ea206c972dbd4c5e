/**
 * Intune's requests to revoke certificates, and the answers to them: the messages of Microsoft's published client libraries
 * (CARevocationRequest, CARevocationResult). Microsoft announces that this form of the API will be removed; only this file
 * and revocation-client.ts know it.
 */
import type { Clock } from '../core/environment.ts';
import type { RevocationRequest, RevocationReport } from '../core/records.ts';
import type { HttpsExchange } from './https-exchange.ts';
import { type HttpFault, httpFault, notAnAnswer } from './http-faults.ts';
import { apiHeaders } from './scep-actions.ts';
import { asObject, field, parseObject, textField } from '../outbound/untrusted-json.ts';

/** The name under which discovery lists the service. */
export const CONNECTOR_SERVICE = 'PkiConnectorFEService';
const API_VERSION = '5019-05-05';
/** Microsoft's libraries take 500, and its documentation recommends at most so many. */
const MOST = 100;
/** A hundred requests are less than a tenth of it. */
const ANSWER_LIMIT = 1_048_576;
/** Characters of a value that are kept; serial numbers have 40, names 256. */
const LONGEST = 512;

/** One call, with what is the same for both. */
export type RevocationCall = {
  /** Address of the service, from discovery, without a slash at its end. */
  uri: string;
  token: string;
  clientRequestId: string;
  callerInfo: string;
};

type Services = { exchange: HttpsExchange; clock: Clock };
type RevocationHop = 'downloadRevocationRequests' | 'uploadRevocationResults';

/**
 * At most 100 requests, and none for 60 minutes after the last call. The filter by issuer is not used: the service
 * compares another member with it, after it has cut off the list. Throws IntuneUnreachable.
 */
export async function downloadRevocationRequests(
  call: RevocationCall,
  services: Services,
  signal: AbortSignal,
): Promise<RevocationRequest[]> {
  const body = { downloadParameters: { maxRequests: MOST, issuerName: null } };
  const fault = await post('downloadRevocationRequests', body, { call, services, signal });
  if (fault.reply.status !== 200) throw httpFault(fault);
  const value = field(parseObject(fault.reply.text), 'value');
  if (!Array.isArray(value)) throw notAnAnswer(fault);
  const requests = value.flatMap((each) => readRequest(asObject(each)) ?? []);
  if (requests.length === 0 && value.length > 0) throw notAnAnswer(fault);
  return requests;
}

/** Undefined without `requestContext`: there is nothing to answer to. A serial number that is no text is no number. */
function readRequest(row: object | undefined): RevocationRequest | undefined {
  const text = (name: string): string | undefined => textField(row, name)?.slice(0, LONGEST);
  const [requestContext, serialNumber = ''] = [textField(row, 'requestContext'), text('serialNumber')];
  const [issuerName, caConfiguration] = [text('issuerName'), text('caConfiguration')];
  if (!requestContext) return undefined;
  return {
    requestContext,
    serialNumber,
    ...(issuerName !== undefined && { issuerName }),
    ...(caConfiguration !== undefined && { caConfiguration }),
  };
}

/** An answer, with the request that it belongs to. */
export type RevocationAnswer = RevocationReport & { requestContext: string };

/** Whether Intune took all of them; false, and HTTP 400: it took none. Throws IntuneUnreachable. */
export async function uploadRevocationResults(
  results: readonly RevocationAnswer[],
  call: RevocationCall,
  services: Services & { signal: AbortSignal },
): Promise<boolean> {
  const body = { results: results.map(({ errorMessage = null, ...result }) => ({ ...result, errorMessage })) };
  const fault = await post('uploadRevocationResults', body, { call, services, signal: services.signal });
  if (fault.reply.status !== 200) return false;
  // Intune writes a boolean or its text.
  const value = String(field(parseObject(fault.reply.text), 'value')).toLowerCase();
  if (value !== 'true' && value !== 'false') throw notAnAnswer(fault);
  return value === 'true';
}

/** The reply, of status 200 or 400, as a fault describes it. */
async function post(
  hop: RevocationHop,
  body: object,
  { call, services, signal }: { call: RevocationCall; services: Services; signal: AbortSignal },
): Promise<HttpFault> {
  const { uri, token, clientRequestId } = call;
  const url = `${uri}/CertificateAuthorityRequests/${hop}`;
  const headers = apiHeaders(call, API_VERSION);
  const request = { hop, method: 'POST', url, headers, body: JSON.stringify(body), limit: ANSWER_LIMIT } as const;
  const reply = await services.exchange({ ...request, clientRequestId }, signal);
  const fault: HttpFault = { hop, reply, clock: services.clock, sent: [token], clientRequestId };
  if (reply.status === 200 || reply.status === 400) return fault;
  throw reply.status < 400 ? notAnAnswer(fault) : httpFault(fault);
}
