/** One-time passwords for programs: `POST /api/challenges` with a bearer token (RFC 6750) or Basic; answers are JSON or text, errors JSON. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../actions/action.ts';
import { type Belonging, coversAll, reachOf } from '../core/access.ts';
import { clientAddress } from '../core/address.ts';
import type { Emit } from '../core/events.ts';
import { BindingError } from '../manage/challenge-binding.ts';
import { type ChallengeIssuer, type IssuedChallenge, issuerFor } from '../manage/one-time-passwords.ts';
import { type ApiCredentials, authorization, schemesOf } from './api-authorization.ts';
import { bindingInJson } from './asked-binding.ts';
import { isCrossSite } from './cross-site.ts';

/** What the API works on. `belongingOf`: where an endpoint belongs, by its name; for tokens that are limited. */
export type ApiOptions = ApiCredentials & {
  issuers: readonly ChallengeIssuer[];
  belongingOf: (endpoint: string) => readonly Belonging[];
  emit: Emit;
};

/** Every error of the API: its code in the answer, its status, and what to do. */
const ERRORS = {
  unauthorized: {
    status: 401,
    message:
      'Send `Authorization: Bearer TOKEN` with a token of `admin.tokens` of the configuration, or Basic with one of `admin.users`.',
  },
  forbidden: { status: 403, message: 'The role of this token issues no passwords. `operator` and `admin` do.' },
  cross_site: { status: 403, message: 'A browser sent this for a page of another site. The API is for programs.' },
  too_many_attempts: {
    status: 429,
    message: 'Too many wrong tokens or passwords from this address. Come back in a minute.',
  },
  bad_request: { status: 400, message: 'Send a JSON object: {"endpoint": "/certsrv/mscep/mscep.dll"}.' },
  binding_refused: {
    status: 400,
    message: 'The password cannot be bound as asked.',
  },
  unknown_endpoint: { status: 404, message: 'No endpoint with the policy `oneTime` has that name or path.' },
  password_cache_full: {
    status: 409,
    message: 'As many passwords as `policy.oneTime.max` allows are neither used nor expired.',
  },
  unavailable: { status: 503, message: 'The store could not record the password. The log says why.' },
} as const;

/** Registers the API. It belongs on the administrator's listener alone. */
export async function challengeApi(app: FastifyInstance, options: ApiOptions): Promise<void> {
  const { emit } = options;
  const authorize = authorization(options);
  const callers = new WeakMap<FastifyRequest, Caller>();

  app.setErrorHandler((error: FastifyError, _request, reply) => {
    if (error instanceof BindingError) return refuse(reply, 'binding_refused', error.message);
    if (error.statusCode !== undefined && error.statusCode < 500) return refuse(reply, 'bad_request');
    emit({ event: 'challenge-api-failed', err: error });
    return refuse(reply, 'unavailable');
  });
  // Before the body is read: the body of an unauthenticated request is not parsed.
  app.addHook('onRequest', async (request, reply) => {
    const caller = isCrossSite(request) ? 'cross_site' : await authorize(request);
    if (typeof caller !== 'string') return void callers.set(request, caller);
    if (caller === 'unauthorized') void reply.header('www-authenticate', schemesOf(options));
    return refuse(reply, caller);
  });
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const caller = callers.get(request);
    return caller ? issue(request, reply, { ...options, caller }) : refuse(reply, 'unauthorized');
  };
  for (const url of ['/api/challenges', '/api/challenges.txt']) app.post(url, handler);
}

async function issue(
  request: FastifyRequest,
  reply: FastifyReply,
  { issuers, emit, caller, belongingOf }: ApiOptions & { caller: Caller },
): Promise<FastifyReply> {
  const named = endpointIn(request);
  if (named === 'bad_request') return refuse(reply, named);
  const reach = reachOf(caller.grants, 'operate');
  if (!reach) return refuse(reply, 'forbidden');
  const reached = issuers.filter((each) => coversAll(reach, belongingOf(each.endpoint)));
  const issuer = issuerFor(reached, named.endpoint);
  if (!issuer) return refuse(reply, 'unknown_endpoint');
  const { endpoint } = issuer;
  const challenge = await issuer.issue(caller, bindingInJson(request));
  const outcome = challenge === 'full' ? 'full' : 'issued';
  const user = caller.actor.kind === 'person' ? caller.actor.name : undefined;
  emit({ event: 'challenge-requested', endpoint, ip: clientAddress(request), outcome, ...(user && { user }) });
  if (challenge === 'full') return refuse(reply, 'password_cache_full');
  return wantsText(request) ? sendText(reply, challenge) : sendPassword(reply, endpoint, challenge);
}

const sendPassword = (
  reply: FastifyReply,
  endpoint: string,
  { password, id, expires }: IssuedChallenge,
): FastifyReply =>
  reply
    .code(201)
    .header('cache-control', 'no-store')
    .send({
      challenge: password,
      expiresAt: expires?.at.toISOString() ?? null,
      endpoint,
      ...(id !== undefined && { id }),
    });

/** The password alone: Jamf Pro takes the whole body of the answer. */
const sendText = (reply: FastifyReply, { password }: IssuedChallenge): FastifyReply =>
  reply.header('cache-control', 'no-store').header('content-type', 'text/plain; charset=utf-8').send(password);

/** Only where text is what the program wants first: some libraries accept JSON and then text by themselves. */
const wantsText = ({ url, headers }: FastifyRequest): boolean =>
  /^[^?]*\.txt(\?|\/|$)/i.test(url) || /^\s*text\/plain\b/i.test(headers.accept ?? '');

/** In the body, or else in the query, for programs whose body is their own. Without either no endpoint is named. */
function endpointIn({ body, query }: FastifyRequest): { endpoint: string | undefined } | 'bad_request' {
  const { endpoint: inQuery } = query as { endpoint?: unknown };
  if (typeof (body ?? {}) !== 'object') return 'bad_request';
  const { endpoint = inQuery } = (body ?? {}) as { endpoint?: unknown };
  return endpoint === undefined || typeof endpoint === 'string' ? { endpoint } : 'bad_request';
}

const refuse = (reply: FastifyReply, error: keyof typeof ERRORS, detail?: string): FastifyReply => {
  const { status, message } = ERRORS[error];
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .send({ error, message: detail === undefined ? message : `${message.slice(0, -1)}: ${detail}.` });
};
