/** One-time passwords for programs: `POST /api/challenges` with a bearer token (RFC 6750), answers and errors as JSON. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { attempts } from './attempts.ts';
import type { ChallengeIssuer } from './challenge-issuer.ts';

export type ApiOptions = { issuers: readonly ChallengeIssuer[]; token: string; clock: Clock; emit: Emit };

/** Every error of the API: its code in the answer, its status, and what to do. */
const ERRORS = {
  unauthorized: {
    status: 401,
    message: 'Send `Authorization: Bearer TOKEN` with the `admin.token` of the configuration.',
  },
  too_many_attempts: { status: 429, message: 'Too many wrong tokens from this address. Come back in a minute.' },
  bad_request: { status: 400, message: 'Send a JSON object: {"endpoint": "/certsrv/mscep/mscep.dll"}.' },
  unknown_endpoint: { status: 404, message: 'No endpoint with the policy `oneTime` has that path.' },
  password_cache_full: { status: 409, message: 'As many passwords are outstanding as `policy.oneTime.max` allows.' },
  unavailable: { status: 503, message: 'The store did not take the password. The log says why.' },
} as const;

/** The issuer of the endpoint with this name or, failing that, this path; without either the only issuer there is. */
export const issuerFor = (
  issuers: readonly ChallengeIssuer[],
  endpoint: string | undefined,
): ChallengeIssuer | undefined =>
  endpoint === undefined
    ? only(issuers)
    : (issuers.find((issuer) => issuer.endpoint === endpoint) ?? issuers.find(({ path }) => path === endpoint));

const only = <T>([first, ...others]: readonly T[]): T | undefined => (others.length === 0 ? first : undefined);

/** Registers the API. It belongs on the administrator's listener alone. */
export async function challengeApi(app: FastifyInstance, options: ApiOptions): Promise<void> {
  const { issuers, token, clock, emit } = options;
  const expected = sha256(token);
  const failures = attempts(clock);

  app.setErrorHandler((error: FastifyError, _request, reply) => {
    if (error.statusCode !== undefined && error.statusCode < 500) return refuse(reply, 'bad_request');
    emit({ event: 'challenge-api-failed', err: error });
    return refuse(reply, 'unavailable');
  });

  // Before the body is read: a stranger's bytes are none of our business.
  app.addHook('onRequest', async (request, reply) => {
    if (failures.tooMany(request.ip)) return refuse(reply, 'too_many_attempts');
    // Hashes have one length, so the comparison tells nothing of the length of the token either.
    if (timingSafeEqual(sha256(bearer(request)), expected)) return undefined;
    failures.failed(request.ip);
    emit({ event: 'challenge-api-token-wrong', ip: request.ip });
    return refuse(reply.header('www-authenticate', 'Bearer realm="openndes"'), 'unauthorized');
  });

  app.post('/api/challenges', async (request, reply) => {
    const asked = endpointIn(request.body);
    if (asked === 'bad_request') return refuse(reply, asked);
    const issuer = issuerFor(issuers, asked.endpoint);
    if (!issuer) return refuse(reply, 'unknown_endpoint');
    const challenge = await issuer.issue();
    const outcome = challenge === 'full' ? 'full' : 'issued';
    emit({ event: 'challenge-requested', endpoint: issuer.endpoint, ip: request.ip, outcome });
    if (challenge === 'full') return refuse(reply, 'password_cache_full');
    const { password, expires } = challenge;
    return reply
      .code(201)
      .header('cache-control', 'no-store')
      .send({ challenge: password, expiresAt: expires?.at.toISOString() ?? null, endpoint: issuer.endpoint });
  });
}

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
