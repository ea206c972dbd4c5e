/** The three ScepActions of Intune's SCEP API: what is sent, and which replies are answers. */
import type { Clock } from '../core/environment.ts';
import type { FailureNotification, SuccessNotification } from '../core/notification.ts';
import type { IntuneHop } from './unreachable.ts';
import type { OutboundReply } from '../outbound/https-client.ts';
import type { HttpsExchange } from './https-exchange.ts';
import { httpFault, notAnAnswer, serviceError } from './http-faults.ts';
import { keysIn, parseObject, redacted, textField } from '../outbound/untrusted-json.ts';

/** The name under which discovery lists the service. */
export const SCEP_SERVICE = 'ScepRequestValidationFEService';
const API_VERSION = '2018-02-20';
const ANSWER_LIMIT = 65_536;

/** A request to validate. `csr` is the PKCS#10 request, DER, exactly as the device made it. */
export type ScepActionRequest = { transactionId: string; csr: Uint8Array };

/**
 * Intune's answer. `code` is spelt as Intune spelt it; codes that Microsoft does not document occur. Code and
 * description are redacted for a log.
 */
export type IntuneAnswer = { code: string; description: string; clientRequestId: string };

/** Whether Intune accepted. Every other code, documented or not, is a refusal. */
export const isSuccess = ({ code }: Pick<IntuneAnswer, 'code'>): boolean => code.toLowerCase() === 'success';

/** The JSON body of validateRequest, `{ "request": … }`. */
export const validationBody = ({ transactionId, csr }: ScepActionRequest, callerInfo: string): string =>
  JSON.stringify({ request: { transactionId, certificateRequest: base64(csr), callerInfo } });

/** The JSON body of successNotification, `{ "notification": … }`. Intune's revocation requests name this issuer. */
export const successBody = (notification: SuccessNotification, callerInfo: string): string =>
  JSON.stringify({
    notification: {
      transactionId: notification.transactionId,
      certificateRequest: base64(notification.csr),
      certificateThumbprint: notification.thumbprint.toUpperCase(),
      certificateSerialNumber: notification.serial.replace(/^0+(?=.)/, '').toUpperCase(),
      certificateExpirationDateUtc: notification.notAfter.toISOString(),
      issuingCertificateAuthority: clip(notification.issuer, 256),
      callerInfo,
      caConfiguration: clip(notification.issuer, 256),
      certificateAuthority: clip(notification.issuer, 256),
    },
  });

/** The JSON body of failureNotification, `{ "notification": … }`. */
export const failureBody = (notification: FailureNotification, callerInfo: string): string =>
  JSON.stringify({
    notification: {
      transactionId: notification.transactionId,
      certificateRequest: base64(notification.csr),
      hResult: customerHresult(notification.hresult),
      errorDescription: clip(notification.description, 255),
      callerInfo,
    },
  });

/** The HRESULT with the severity and customer bits set (MS-ERREF 2.1), signed 32-bit: not one of Microsoft's codes. */
export const customerHresult = (hresult: number): number => hresult | 0xa0000000;

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

/** At most so many UTF-16 units, as Intune counts them; never half of a surrogate pair. */
const clip = (text: string, length: number): string => text.slice(0, length).replace(/[\ud800-\udbff]$/, '');

/** The hops that are ScepActions. */
export type ScepActionHop = Extract<IntuneHop, 'validateRequest' | 'successNotification' | 'failureNotification'>;

/** One call of a ScepAction. */
export type ScepActionCall = {
  hop: ScepActionHop;
  /** Address of the service, from discovery, without a slash at its end. */
  uri: string;
  /** JSON. */
  body: string;
  /** Access token for the Intune API. */
  token: string;
  clientRequestId: string;
  callerInfo: string;
};

/** Makes the call. Throws IntuneUnreachable when the reply is not an answer, and the signal's reason on abort. */
export async function callScepAction(
  action: ScepActionCall,
  { exchange, clock }: { exchange: HttpsExchange; clock: Clock },
  signal: AbortSignal,
): Promise<IntuneAnswer> {
  const { hop, uri, body, clientRequestId, token } = action;
  const call = {
    hop,
    method: 'POST',
    url: `${uri}/ScepActions/${hop}`,
    headers: apiHeaders(action, API_VERSION),
    body,
  } as const;
  const reply = await exchange({ ...call, limit: ANSWER_LIMIT, clientRequestId }, signal);
  const sent = [token];
  const answer = readAnswer(reply, sent);
  if (answer) return { ...answer, clientRequestId };
  const fault = { hop, reply, clock, sent, clientRequestId };
  throw reply.status < 400 ? notAnAnswer(fault) : httpFault(fault);
}

/** The headers of a call of Intune's API, in this version of it. */
export const apiHeaders = (
  { token, clientRequestId, callerInfo }: Pick<ScepActionCall, 'token' | 'clientRequestId' | 'callerInfo'>,
  apiVersion: string,
): Record<string, string> => ({
  Authorization: `Bearer ${token}`,
  'Content-Type': 'application/json',
  Accept: 'application/json',
  'client-request-id': clientRequestId,
  'api-version': apiVersion,
  // Microsoft's client library writes the name without a hyphen, so Microsoft's logs may read that one.
  UserAgent: callerInfo,
  'User-Agent': callerInfo,
});

/** HTTP statuses that are about the connection or the service, not about the request. */
const NO_ANSWER = new Set([401, 403, 404, 407, 408, 410, 429]);

/** The answer in the reply, or undefined when the reply has none. */
function readAnswer(reply: OutboundReply, sent: readonly string[]): ActionAnswer | undefined {
  if (reply.status >= 500 || NO_ANSWER.has(reply.status)) return undefined;
  const body = unambiguous(reply.text);
  return reply.status >= 400 ? refusal(reply.status, body, sent) : verdict(body, sent);
}

type ActionAnswer = Omit<IntuneAnswer, 'clientRequestId'>;

function verdict(body: object | undefined, sent: readonly string[]): ActionAnswer | undefined {
  const raw = textField(body, 'code') ?? '';
  const code = redacted(raw, sent);
  // Redaction must not turn another code into Success.
  if (!code || (isSuccess({ code }) && !isSuccess({ code: raw }))) return undefined;
  return { code, description: redacted(textField(body, 'errorDescription') ?? '', sent) };
}

/** Other 4xx statuses are about this one request: always a refusal, because its sender can provoke them. */
function refusal(status: number, body: object | undefined, sent: readonly string[]): ActionAnswer {
  const error = serviceError(body, sent);
  const answer = verdict(body, sent) ?? { code: error?.code ?? '', description: error?.message ?? '' };
  return answer.code && !isSuccess(answer) ? answer : { ...answer, code: `HTTP${status}` };
}

/** Whether `refusal` made this code because the reply had none: something before Intune may have answered. */
export const isHttpStatus = (code: string): boolean => /^HTTP\d{3}$/.test(code);

/** The object, or undefined when two of its keys are the same or differ only in letter case: either could be meant. */
function unambiguous(text: string): object | undefined {
  const body = parseObject(text);
  const keys = body ? keysIn(text).map((key) => key.toLowerCase()) : [];
  return new Set(keys).size === keys.length ? body : undefined;
}
