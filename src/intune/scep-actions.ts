/** The three calls of Intune's SCEP service: what is sent, and what counts as an answer. */
import type { Clock } from '../core/environment.ts';
import type { FailureNotification, SuccessNotification } from '../core/notification.ts';
import type { IntuneHop } from './unreachable.ts';
import type { OutboundReply } from '../outbound/https-client.ts';
import type { HttpsExchange } from './https-exchange.ts';
import { httpFault, notAnAnswer, serviceError } from './http-faults.ts';
import { parseObject, quotable, textField } from './untrusted-json.ts';

/** The name under which discovery lists the service. */
export const SCEP_SERVICE = 'ScepRequestValidationFEService';
const API_VERSION = '2018-02-20';
const ANSWER_LIMIT = 65_536;

/** A request to be validated. `csr` is the PKCS#10, DER, as it came out of the envelope. */
export type ScepActionRequest = { transactionId: string; csr: Uint8Array };

/**
 * What Intune said, in its own letters. The set of codes is open: more than the documented ones are seen.
 * `description` is fit for a log.
 */
export type IntuneAnswer = { code: string; description: string; clientRequestId: string };

/** Every other answer, known or not, is a "no". */
export const isSuccess = ({ code }: Pick<IntuneAnswer, 'code'>): boolean => code.toLowerCase() === 'success';

/** `{ "request": … }` of validateRequest. */
export const validationBody = ({ transactionId, csr }: ScepActionRequest, callerInfo: string): string =>
  JSON.stringify({ request: { transactionId, certificateRequest: base64(csr), callerInfo } });

/** `{ "notification": … }` of successNotification. The issuer is the name under which revocations come back. */
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

/** `{ "notification": … }` of failureNotification. */
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

/** The HRESULT as an error with the customer bit (MS-ERREF 2.1), signed 32-bit: it is ours and not Microsoft's. */
export const customerHresult = (hresult: number): number => hresult | 0xa0000000;

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

/** At most so many UTF-16 units, which is how Intune counts, and no half of a surrogate pair. */
const clip = (text: string, length: number): string => text.slice(0, length).replace(/[\ud800-\udbff]$/, '');

export type Action = {
  hop: Extract<IntuneHop, 'validateRequest' | 'successNotification' | 'failureNotification'>;
  /** Of the service, from discovery. */
  uri: string;
  body: string;
  token: string;
  clientRequestId: string;
  callerInfo: string;
};

/** One call. Throws IntuneUnreachable when what comes back is not an answer. */
export async function act(
  action: Action,
  { exchange, clock }: { exchange: HttpsExchange; clock: Clock },
  signal: AbortSignal,
): Promise<IntuneAnswer> {
  const { hop, uri, body, clientRequestId } = action;
  const call = { hop, method: 'POST', url: `${uri}/ScepActions/${hop}`, headers: headers(action), body } as const;
  const reply = await exchange({ ...call, limit: ANSWER_LIMIT, clientRequestId }, signal);
  const answer = readAnswer(reply);
  if (answer) return { ...answer, clientRequestId };
  const fault = { hop, reply, clock, clientRequestId };
  throw reply.status < 400 ? notAnAnswer(fault) : httpFault(fault);
}

const headers = ({ token, clientRequestId, callerInfo }: Action): Record<string, string> => ({
  Authorization: `Bearer ${token}`,
  'Content-Type': 'application/json',
  Accept: 'application/json',
  'client-request-id': clientRequestId,
  'api-version': API_VERSION,
  // Microsoft's own library writes the name without a hyphen, so that is where its logs look.
  UserAgent: callerInfo,
  'User-Agent': callerInfo,
});

/** HTTP statuses that say something of the way or of the service, and nothing of the request. */
const NO_ANSWER = new Set([401, 403, 404, 407, 408, 410, 429]);

/** The answer, or undefined when there is none in it. */
function readAnswer(reply: OutboundReply): ActionAnswer | undefined {
  if (reply.status >= 500 || NO_ANSWER.has(reply.status)) return undefined;
  const body = unambiguous(parseObject(reply.text));
  return reply.status >= 400 ? refusal(reply.status, body) : verdict(body);
}

type ActionAnswer = Omit<IntuneAnswer, 'clientRequestId'>;

function verdict(body: object | undefined): ActionAnswer | undefined {
  const raw = textField(body, 'code') ?? '';
  const code = quotable(raw);
  // Making it fit for a log must make no "yes" out of something else.
  if (!code || (isSuccess({ code }) && !isSuccess({ code: raw }))) return undefined;
  return { code, description: quotable(textField(body, 'errorDescription') ?? '') };
}

/** Other statuses of 4xx speak of this one request, whose sender may have meant them: a "no", never a fault, never a "yes". */
function refusal(status: number, body: object | undefined): ActionAnswer {
  const error = serviceError(body);
  const said = verdict(body) ?? { code: error?.code ?? '', description: error?.message ?? '' };
  return said.code && !isSuccess(said) ? said : { ...said, code: `HTTP${status}` };
}

/** The object itself, unless two of its keys differ in letter case alone: then nobody knows which of them counts. */
function unambiguous(body: object | undefined): object | undefined {
  const keys = Object.keys(body ?? {}).map((key) => key.toLowerCase());
  return new Set(keys).size === keys.length ? body : undefined;
}
