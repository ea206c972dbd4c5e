/** Error responses in the three forms of Entra, Graph and Intune. */
import {
  DIRECTORY_HOPS,
  ENTRA_HOPS,
  GRAPH_HOPS,
  type ServiceAnswer,
  type ServiceCall,
  type ServiceHop,
  json,
  statusText,
} from './service-call.ts';

/** A refusal of Entra: `error` as in RFC 6749 5.2, `number` after AADSTS. */
export type EntraFailure = { status: number; error: string; number: number; text: string };

/** Entra: an OAuth error (RFC 6749 5.2) with the AADSTS number `number`. */
export const entraError = (call: ServiceCall, { status, error, number, text }: EntraFailure): ServiceAnswer => {
  const timestamp = call.at.toISOString().replace('T', ' ').replace(/\.\d+/, '');
  const correlation = call.clientRequestId;
  return json(status, {
    error,
    error_description: `AADSTS${number}: ${text} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [number],
    timestamp,
    correlation_id: correlation,
  });
};

/** `code` is for programs, `text` for people. `headers` are added to the response. */
type ReportedError = { status: number; code: string; text: string; headers?: Readonly<Record<string, string>> };

/** Graph: a code, a message and an inner error with the id of the request. */
export const graphError = (call: ServiceCall, { status, code, text, headers }: ReportedError): ServiceAnswer => {
  const innerError = { date: call.at.toISOString(), 'client-request-id': call.clientRequestId };
  return json(
    status,
    { error: { code, message: text, innerError } },
    { headers: { ...challengeFor(status), ...headers } },
  );
};

/** Intune: `message` is JSON in a string. */
export const intuneError = (call: ServiceCall, { status, code, text, headers = {} }: ReportedError): ServiceAnswer => {
  const message = JSON.stringify({
    _version: 3,
    Message: `${text} - Activity ID: ${call.clientRequestId}`,
    CustomApiErrorPhrase: '',
    RetryAfter: headers['retry-after'] ?? null,
    ErrorSourceService: '',
    HttpHeaders: '{}',
  });
  return json(status, { error: { code, message } }, { headers: { ...challengeFor(status), ...headers } });
};

// RFC 9110 15.5.2: a 401 names the accepted authentication scheme.
const challengeFor = (status: number): Record<string, string> =>
  status === 401 ? { 'www-authenticate': 'Bearer' } : {};

/** An HTTP error in the form of the service that the hop belongs to. */
export function statusError(
  call: ServiceCall,
  status: number,
  headers: Readonly<Record<string, string>>,
): ServiceAnswer {
  const text = `The simulator was told to answer ${status}.`;
  return serviceError(serviceOf(call.hop), call, { status, code: codeOf(status), text, headers });
}

/** An internal error whose message is JSON in a string, in the form of the service. */
export function nestedError(call: ServiceCall): ServiceAnswer {
  const service = serviceOf(call.hop);
  const error = { status: 500, code: 'InternalError', text: 'An internal server error has occurred' };
  if (service === 'intune') return intuneError(call, error);
  return serviceError(service, call, { ...error, text: JSON.stringify({ Message: error.text, RetryAfter: null }) });
}

/** The services whose errors have a form of their own. */
export type ServiceName = 'entra' | 'graph' | 'intune';

const serviceOf = (hop: ServiceHop): ServiceName => {
  if ((ENTRA_HOPS as readonly string[]).includes(hop)) return 'entra';
  return ([...GRAPH_HOPS, ...DIRECTORY_HOPS] as readonly string[]).includes(hop) ? 'graph' : 'intune';
};

const codeOf = (status: number): string => statusText(status).replaceAll(' ', '');

/** An error in the form of this service. An AADSTS number is not claimed: the error is none of Entra's checks. */
export function serviceError(service: ServiceName, call: ServiceCall, error: ReportedError): ServiceAnswer {
  if (service !== 'entra') return (service === 'graph' ? graphError : intuneError)(call, error);
  const { status, text, headers = {} } = error;
  const name = status >= 500 ? 'temporarily_unavailable' : 'invalid_request';
  return json(status, { error: name, error_description: text, error_codes: [status] }, { headers });
}

/** A path that no service has, in the form of the service that it would belong to. */
export function unknownPath(call: Omit<ServiceCall, 'hop'>): ServiceAnswer {
  const { pathname } = new URL(call.path, call.site.login);
  const text = `The simulator has nothing at ${pathname.slice(0, 200)}.`;
  const [service, code] = UNKNOWN.find(([pattern]) => pattern.test(pathname))?.[1] ?? ['entra', 'NotFound'];
  return serviceError(service, { ...call, hop: 'token' }, { status: 404, code, text });
}

/** By the beginning of the path; everything else is Entra's. */
const UNKNOWN: readonly [RegExp, [ServiceName, string]][] = [
  [/^\/RACerts(\/|$)/, ['intune', 'NotFound']],
  [/^\/(v1\.0|beta)(\/|$)/, ['graph', 'ResourceNotFound']],
];
