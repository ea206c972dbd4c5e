/** Error responses in the three forms of Entra, Graph and Intune. */
import { type ServiceAnswer, type ServiceCall, json, statusText } from './service-call.ts';

type AadError = { status: number; error: string; number: number; text: string };

/** Entra: an OAuth error (RFC 6749 5.2) with the AADSTS number `number`. */
export const entraError = (call: ServiceCall, { status, error, number, text }: AadError): ServiceAnswer => {
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
  if (call.hop !== 'openid' && call.hop !== 'token')
    return intuneError(call, { status, code: statusText(status).replaceAll(' ', ''), text, headers });
  const error = status >= 500 ? 'temporarily_unavailable' : 'invalid_request';
  return json(status, { error, error_description: text, error_codes: [status] }, { headers });
}
