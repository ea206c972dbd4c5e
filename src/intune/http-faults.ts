/** What an HTTP answer without an answer in it means: its words unwrapped, what to do, and whether to try again. */
import type { Clock } from '../core/environment.ts';
import { type IntuneHop, IntuneUnreachable } from './unreachable.ts';
import type { OutboundReply } from '../outbound/https-client.ts';
import { asObject, field, parseObject, quotable, textField } from './untrusted-json.ts';

/** The frame of an error as Graph and Intune write it, or undefined. */
export type ServiceError = { code: string; message: string };

/**
 * `{"error":{"code","message"}}`. Intune puts a JSON text into `message`, whose `Message` has the words.
 * The words are fit for a log.
 */
export function serviceError(body: object | undefined): ServiceError | undefined {
  const error = asObject(field(body, 'error'));
  const code = textField(error, 'code');
  if (code === undefined) return undefined;
  const message = textField(error, 'message') ?? '';
  return { code: quotable(code), message: quotable(textField(parseObject(message), 'Message') ?? message) };
}

/** Everything needed to say what happened. */
export type HttpFault = { hop: IntuneHop; reply: OutboundReply; clock: Clock; clientRequestId?: string | undefined };

/** The exception for an answer with an HTTP status that is not an answer to the question. */
export function httpFault({ hop, reply, clock, clientRequestId }: HttpFault): IntuneUnreachable {
  const error = serviceError(parseObject(reply.text));
  const words = error ? `${error.code}: ${error.message}` : describeBody(reply);
  return new IntuneUnreachable({
    hop,
    what: `HTTP ${reply.status}, ${words}`,
    remedy: remedyFor(hop, reply.status),
    retryable: reply.status === 408 || reply.status === 429 || reply.status >= 500,
    status: reply.status,
    activityId: activityId(error, reply),
    clientRequestId,
    retryAfterMs: retryAfterMs(reply.headers['retry-after'], clock),
  });
}

/** The exception for an answer that is not what the service speaks: HTML, nothing, other JSON. */
export const notAnAnswer = ({ hop, reply, clientRequestId }: HttpFault): IntuneUnreachable =>
  new IntuneUnreachable({
    hop,
    what: `HTTP ${reply.status}, ${describeBody(reply)}`,
    remedy: 'Something stands between that answers in place of the service: look for a proxy or a block page.',
    retryable: true,
    status: reply.status,
    activityId: activityId(undefined, reply),
    clientRequestId,
  });

/** The body in words, never the body: it may echo what it was sent. */
function describeBody({ headers, text }: OutboundReply): string {
  if (text.trim() === '') return 'an empty body where JSON was expected';
  const kind = /^\s*</.test(text) ? 'HTML or XML' : parseObject(text) ? 'JSON of another shape' : 'text';
  const type = quotable(headers['content-type'] ?? 'none');
  return `${kind} where an answer was expected (content-type ${type}, ${text.length} characters)`;
}

const activityId = (error: ServiceError | undefined, { headers }: OutboundReply): string | undefined =>
  /Activity ?ID: ?([0-9a-f-]{36})/i.exec(error?.message ?? '')?.[1] ?? guid(headers['request-id']);

const guid = (text: string | undefined): string | undefined => /^[0-9a-f-]{36}$/i.exec(text ?? '')?.[0];

const HEALTH = 'Look at the service health of the tenant; give Microsoft the ids when it stays.';
const ROLE =
  'Grant the application role scep_challenge_provider of "Microsoft Intune API" with admin consent; see docs/intune.md.';
const LOGIN = 'Something else than Entra ID answered: look at the proxy and at `cloud`.';
/** By status, for the hop first and then for all. */
const REMEDIES: Readonly<Record<string, string>> = {
  'token 401': LOGIN,
  'token 403': LOGIN,
  'token 404': LOGIN,
  'discovery 401': 'Graph refused the token: look at `tenant` and `cloud`.',
  'discovery 403': 'Grant the application role Application.Read.All of Microsoft Graph with admin consent.',
  'discovery 404':
    'The tenant has no Intune service principal: look at the Intune licence, at `tenant` and at `cloud`.',
  '401': ROLE,
  '403': ROLE,
  '404': 'The service moved; it is looked up again. If it stays, look at `cloud`.',
  '410': 'The service moved; it is looked up again. If it stays, look at `cloud`.',
  '429': 'The service is throttling; devices are told to wait and come back.',
};
const remedyFor = (hop: IntuneHop, status: number): string =>
  REMEDIES[`${hop} ${status}`] ?? REMEDIES[String(status)] ?? HEALTH;

/** RFC 9110 10.2.3: seconds or a date. Milliseconds from now, undefined when absent or meaningless. */
export function retryAfterMs(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - clock().getTime();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
