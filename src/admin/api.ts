/** One-time passwords for programs: `POST /api/challenges` with a bearer token (RFC 6750); answers and errors are JSON. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { clientAddress } from '../core/address.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { Administrator } from '../manage/administrator.ts';
import { type ChallengeIssuer, type IssuedChallenge, issuerFor } from '../manage/one-time-passwords.ts';
import { type Attempts, attempts } from './attempts.ts';

/** `token`: what programs send as `Authorization: Bearer …`. */
export type ApiOptions = { issuers: readonly ChallengeIssuer[]; token: string; clock: Clock; emit: Emit };

/** Every error of the API: its code in the answer, its status, and what to do. */
const ERRORS = {
  unauthorized: {
    status: 401,
    message: 'Send `Authorization: Bearer TOKEN` with the `admin.token` of the configuration.',
  },
  too_many_attempts: { status: 429, message: 'Too many wrong tokens from this address. Come back in a minute.' },
  bad_request: { status: 400, message: 'Send a JSON object: {"endpoint": "/certsrv/mscep/mscep.dll"}.' },
  unknown_endpoint: { status: 404, message: 'No endpoint with the policy `oneTime` has that name or path.' },
  password_cache_full: {
    status: 409,
    message: 'As many passwords as `policy.oneTime.max` allows are neither used nor expired.',
  },
  unavailable: { status: 503, message: 'The store could not record the password. The log says why.' },
} as const;

/** All programs share one token. */
const TOKEN_HOLDER: Administrator = { actor: { kind: 'program', name: 'token' }, source: 'api' };

/** Registers the API. It belongs on the administrator's listener alone. */
export async function challengeApi(app: FastifyInstance, options: ApiOptions): Promise<void> {
  const { token, clock, emit } = options;
  const expected = sha256(token);
  const failures = attempts(clock);

  app.setErrorHandler((error: FastifyError, _request, reply) => {
    if (error.statusCode !== undefined && error.statusCode < 500) return refuse(reply, 'bad_request');
    emit({ event: 'challenge-api-failed', err: error });
    return refuse(reply, 'unavailable');
  });
  // Before the body is read: the body of an unauthenticated request is not parsed.
  app.addHook('onRequest', async (request, reply) => authenticate(request, reply, { expected, failures, emit }));
  app.post('/api/challenges', (request, reply) => issue(request, reply, options));
}

type TokenCheck = { expected: Buffer; failures: Attempts; emit: Emit };

/** Answers a request without the token; returns undefined when the token is right. */
async function authenticate(
  request: FastifyRequest,
  reply: FastifyReply,
  { expected, failures, emit }: TokenCheck,
): Promise<FastifyReply | undefined> {
  if (failures.tooMany(clientAddress(request))) return refuse(reply, 'too_many_attempts');
  // Hashes have one length, so the comparison does not reveal the length of the token either.
  if (timingSafeEqual(sha256(bearer(request)), expected)) return undefined;
  failures.failed(clientAddress(request));
  emit({ event: 'challenge-api-token-wrong', ip: clientAddress(request) });
  return refuse(reply.header('www-authenticate', 'Bearer realm="openndes"'), 'unauthorized');
}

async function issue(
  request: FastifyRequest,
  reply: FastifyReply,
  { issuers, emit }: ApiOptions,
): Promise<FastifyReply> {
  const named = endpointIn(request.body);
  if (named === 'bad_request') return refuse(reply, named);
  const issuer = issuerFor(issuers, named.endpoint);
  if (!issuer) return refuse(reply, 'unknown_endpoint');
  const { endpoint } = issuer;
  const challenge = await issuer.issue(TOKEN_HOLDER);
  const outcome = challenge === 'full' ? 'full' : 'issued';
  emit({ event: 'challenge-requested', endpoint, ip: clientAddress(request), outcome });
  return challenge === 'full' ? refuse(reply, 'password_cache_full') : sendPassword(reply, endpoint, challenge);
}

const sendPassword = (reply: FastifyReply, endpoint: string, { password, expires }: IssuedChallenge): FastifyReply =>
  reply
    .code(201)
    .header('cache-control', 'no-store')
    .send({ challenge: password, expiresAt: expires?.at.toISOString() ?? null, endpoint });

/** A request without a body names no endpoint. */
function endpointIn(body: unknown): { endpoint: string | undefined } | 'bad_request' {
  if (body === undefined || body === null) return { endpoint: undefined };
  if (typeof body !== 'object') return 'bad_request';
  const { endpoint } = body as { endpoint?: unknown };
  return endpoint === undefined || typeof endpoint === 'string' ? { endpoint } : 'bad_request';
}

const bearer = ({ headers }: FastifyRequest): string => /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';

const refuse = (reply: FastifyReply, error: keyof typeof ERRORS): FastifyReply => {
  const { status, message } = ERRORS[error];
  return reply.code(status).header('cache-control', 'no-store').send({ error, message });
};

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
