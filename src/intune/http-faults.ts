/** Turns HTTP errors and bodies that are not the expected JSON into IntuneUnreachable with a remedy. */
import type { Clock } from '../core/environment.ts';
import { type IntuneHop, IntuneUnreachable } from './unreachable.ts';
import { askedPauseMs } from '../outbound/asked-pause.ts';
import type { OutboundReply } from '../outbound/https-client.ts';
import { asObject, field, parseObject, redacted, textField } from '../outbound/untrusted-json.ts';

/** Code and message of an error of Graph or Intune, both redacted for a log. */
export type ServiceError = { code: string; message: string };

/**
 * Reads `{"error":{"code","message"}}`. Intune puts JSON into `message`; the text for people is in its `Message`.
 * Undefined when the body has no such error. `sent`: the secrets of the call.
 */
export function serviceError(body: object | undefined, sent: readonly string[]): ServiceError | undefined {
  const error = asObject(field(body, 'error'));
  const code = textField(error, 'code');
  if (code === undefined) return undefined;
  const message = textField(error, 'message') ?? '';
  const text = textField(parseObject(message), 'Message') ?? message;
  return { code: redacted(code, sent), message: redacted(text, sent) };
}

/**
 * The reply that is reported, and the call that it belongs to. `clock` is for a Retry-After date. `sent`: the secrets of
 * the call, which the reply may repeat.
 */
export type HttpFault = {
  hop: IntuneHop;
  reply: OutboundReply;
  clock: Clock;
  sent: readonly string[];
  clientRequestId?: string | undefined;
};

/** The error for a reply whose HTTP status is an error. Retryable are 408, 429 and 5xx. */
export function httpFault({ hop, reply, clock, sent, clientRequestId }: HttpFault): IntuneUnreachable {
  const error = serviceError(parseObject(reply.text), sent);
  const description = error ? `${error.code}: ${error.message}` : describeBody(reply, sent);
  return new IntuneUnreachable({
    hop,
    what: `HTTP ${reply.status}, ${description}`,
    remedy: remedyFor(hop, reply.status),
    retryable: reply.status === 408 || reply.status === 429 || reply.status >= 500,
    status: reply.status,
    activityId: activityId(error, reply) ?? innerId(reply),
    clientRequestId,
    retryAfterMs: askedPauseMs(reply.headers, clock),
  });
}

/** The error for a reply that is not the JSON of the service: HTML, an empty body, other JSON. Retryable. */
export const notAnAnswer = ({ hop, reply, sent, clientRequestId }: HttpFault): IntuneUnreachable =>
  new IntuneUnreachable({
    hop,
    what: `HTTP ${reply.status}, ${describeBody(reply, sent)}`,
    remedy: 'Something else answered in place of the service: look for a proxy or a block page.',
    retryable: true,
    status: reply.status,
    activityId: activityId(undefined, reply),
    clientRequestId,
  });

/** Describes the body without quoting it: it may echo a secret that was sent. */
function describeBody({ headers, text }: OutboundReply, sent: readonly string[]): string {
  if (text.trim() === '') return 'an empty body where JSON was expected';
  const kind = /^\s*</.test(text) ? 'HTML or XML' : parseObject(text) ? 'JSON of another shape' : 'text';
  const type = redacted(headers['content-type'] ?? 'none', sent);
  return `${kind} where an answer was expected (content-type ${type}, ${text.length} characters)`;
}

const activityId = (error: ServiceError | undefined, { headers }: OutboundReply): string | undefined =>
  /Activity ?ID: ?([0-9a-f-]{36})/i.exec(error?.message ?? '')?.[1] ?? guid(headers['request-id']);

/** Graph puts the id of the request into the error. */
const innerId = ({ text }: OutboundReply): string | undefined =>
  guid(textField(asObject(field(asObject(field(parseObject(text), 'error')), 'innerError')), 'request-id'));

const guid = (text: string | undefined): string | undefined => /^[0-9a-f-]{36}$/i.exec(text ?? '')?.[0];

const HEALTH = 'Look at the service health of the tenant; if it does not pass, give Microsoft the ids.';
/** What to do when the app has not the role that Intune wants. */
export const ROLE_REMEDY =
  'Grant the application role scep_challenge_provider of "Microsoft Intune API" with admin consent; see docs/intune.md.';
const LOGIN = 'Another server than Entra ID answered: look at the proxy and at `cloud`.';
const DIRECTORY_ROLES =
  'Grant the application roles DeviceManagementManagedDevices.Read.All, User.Read.All and Device.Read.All of Microsoft Graph with admin consent; see docs/intune.md.';
const IMPORT_ROLE =
  'Grant the application role DeviceManagementConfiguration.ReadWrite.All of Microsoft Graph with admin consent; see docs/pfx.md.';
const USER_ROLE = 'Grant the application role User.Read.All of Microsoft Graph with admin consent; see docs/pfx.md.';
const CERTIFICATES_ROLE =
  'Grant the application role DeviceManagementConfiguration.Read.All of Microsoft Graph with admin consent; see docs/intune.md.';
/** By hop and status, then by status alone. */
const REMEDIES: Readonly<Record<string, string>> = {
  'token 401': LOGIN,
  'token 403': LOGIN,
  'token 404': LOGIN,
  'discovery 401': 'Graph refused the token: look at `tenant` and `cloud`.',
  'discovery 403': 'Grant the application role Application.Read.All of Microsoft Graph with admin consent.',
  'discovery 404':
    'The tenant has no Intune service principal: look at the Intune licence, at `tenant` and at `cloud`.',
  'directory 401': 'Graph refused the token: look at `tenant` and `cloud`.',
  'directory 403': DIRECTORY_ROLES,
  'directory 404': 'Graph has no such list: look at the Intune licence of the tenant and at `cloud`.',
  'directory 429': 'Graph is throttling; the directory is listed again later.',
  'certificateStates 401': 'Graph refused the token: look at `tenant` and `cloud`.',
  'certificateStates 403': CERTIFICATES_ROLE,
  'certificateStates 404': 'Graph has no such list: look at the Intune licence of the tenant and at `cloud`.',
  'certificateStates 429': 'Graph is throttling: run the command again later.',
  'user 401': 'Graph refused the token: look at `tenant` and `cloud`.',
  'user 403': USER_ROLE,
  'user 429': 'Graph is throttling; the user is asked for again later.',
  'userPfxCertificates 401': 'Graph refused the token: look at `tenant` and `cloud`.',
  'userPfxCertificates 403': IMPORT_ROLE,
  'userPfxCertificates 404': 'Graph has no such list: look at the Intune licence of the tenant and at `cloud`.',
  'userPfxCertificates 429': 'Graph is throttling; the import is tried again later.',
  '401': ROLE_REMEDY,
  '403': ROLE_REMEDY,
  '404': 'The service has moved; its address is looked up again. If it happens again, look at `cloud`.',
  '410': 'The service has moved; its address is looked up again. If it happens again, look at `cloud`.',
  '429': 'The service is throttling; devices are told to come back later.',
};
/** What an administrator can do about an HTTP status of this hop. */
export const remedyFor = (hop: IntuneHop, status: number): string =>
  REMEDIES[`${hop} ${status}`] ?? REMEDIES[String(status)] ?? HEALTH;
