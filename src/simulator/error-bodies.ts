/** The three shapes in which Entra, Graph and Intune report an error. */
import { type ServiceAnswer, type ServiceCall, json, statusText } from './service-call.ts';

type AadError = { status: number; error: string; number: number; text: string };

/** Entra: OAuth 2.0 (RFC 6749 5.2) with an AADSTS number. */
export const entraError = (exchange: ServiceCall, { status, error, number, text }: AadError): ServiceAnswer => {
  const timestamp = exchange.at.toISOString().replace('T', ' ').replace(/\.\d+/, '');
  const correlation = exchange.clientRequestId;
  return json(status, {
    error,
    error_description: `AADSTS${number}: ${text} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [number],
    timestamp,
    correlation_id: correlation,
  });
};

/** Graph: a code, words and an inner error that names the request. */
export const graphError = (exchange: ServiceCall, status: number, code: string, message: string): ServiceAnswer => {
  const innerError = { date: exchange.at.toISOString(), 'client-request-id': exchange.clientRequestId };
  return json(status, { error: { code, message, innerError } }, challengeFor(status));
};

/** Intune: `message` is JSON once more, inside a string. */
export const intuneError = (
  exchange: ServiceCall,
  status: number,
  code: string,
  words: string,
  headers: Readonly<Record<string, string>> = {},
): ServiceAnswer => {
  const message = JSON.stringify({
    _version: 3,
    Message: `${words} - Activity ID: ${exchange.clientRequestId}`,
    CustomApiErrorPhrase: '',
    RetryAfter: headers['retry-after'] ?? null,
    ErrorSourceService: '',
    HttpHeaders: '{}',
  });
  return json(status, { error: { code, message } }, { headers: { ...challengeFor(status).headers, ...headers } });
};

// RFC 9110 15.5.2: a 401 names the scheme that would do.
const challengeFor = (status: number): { headers: Record<string, string> } => ({
  headers: status === 401 ? { 'www-authenticate': 'Bearer' } : {},
});

/** A bare HTTP failure in the shape of the service that the hop belongs to. */
export function statusError(
  exchange: ServiceCall,
  status: number,
  headers: Readonly<Record<string, string>>,
): ServiceAnswer {
  const words = `The simulator was told to answer ${status}.`;
  if (exchange.hop !== 'openid' && exchange.hop !== 'token')
    return intuneError(exchange, status, statusText(status).replaceAll(' ', ''), words, headers);
  const error = status >= 500 ? 'temporarily_unavailable' : 'invalid_request';
  return json(status, { error, error_description: words, error_codes: [status] }, { headers });
}
