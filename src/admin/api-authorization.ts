/** Who may use the API: holders of the token, and the users of the administrator page. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { clientAddress } from '../core/address.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { Administrator } from '../manage/administrator.ts';
import { attempts } from './attempts.ts';
import type { Authenticate, Login } from './basic-authentication.ts';

/** `token`: what programs send as `Authorization: Bearer …`. `authenticate`: takes the users of the page too. */
export type ApiCredentials = { token: string; authenticate?: Authenticate; clock: Clock; emit: Emit };

/** All programs share one token. */
export const TOKEN_HOLDER: Administrator = { actor: { kind: 'program', name: 'token' }, source: 'api' };

/** The values of WWW-Authenticate (RFC 9110 11.6.1). */
export const schemesOf = ({ authenticate }: ApiCredentials): string[] =>
  ['Bearer', ...(authenticate ? ['Basic'] : [])].map((scheme) => `${scheme} realm="openndes"`);

/** The administrator who sends a request, or the error to answer. */
export type Authorization = (request: FastifyRequest) => Promise<Administrator | 'unauthorized' | 'too_many_attempts'>;

/** The right token is always accepted, however many wrong ones came from its address. */
export function authorization({ token, authenticate, clock, emit }: ApiCredentials): Authorization {
  const expected = sha256(token);
  const failures = attempts(clock);
  return async (request) => {
    const { authorization: sent } = request.headers;
    const ip = clientAddress(request);
    // A request without credentials is no failure: a browser sends one for any page.
    if (sent === undefined) return 'unauthorized';
    if (authenticate && /^basic /i.test(sent)) return personOf(await authenticate(sent, ip), ip);
    // Hashes have one length, so the comparison does not reveal the length of the token either.
    if (timingSafeEqual(sha256(bearer(sent)), expected))
      return { ...TOKEN_HOLDER, actor: { ...TOKEN_HOLDER.actor, address: ip } };
    if (failures.begin(ip)) return 'too_many_attempts';
    emit({ event: 'challenge-api-token-wrong', ip });
    return 'unauthorized';
  };
}

function personOf(login: Login, address: string): Administrator | 'unauthorized' | 'too_many_attempts' {
  if (login.kind === 'known') return { actor: { kind: 'person', name: login.user, address }, source: 'api' };
  return login.kind === 'busy' ? 'too_many_attempts' : 'unauthorized';
}

const bearer = (sent: string): string => /^bearer +(\S+)$/i.exec(sent)?.[1] ?? '';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
