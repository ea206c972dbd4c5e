/** Who may use the API of one-time passwords: programs by their tokens, and the users of the administrator page. */
import type { FastifyRequest } from 'fastify';
import type { Access } from '../access/access-checks.ts';
import type { Authenticate, Login } from '../access/basic-authentication.ts';
import type { Caller } from '../actions/action.ts';
import { factsOf } from './request-facts.ts';

/** `access`: knows the tokens. `authenticate`: takes the users of the page too. */
export type ApiCredentials = { access: Pick<Access, 'resolveCaller'>; authenticate?: Authenticate };

/** The values of WWW-Authenticate (RFC 9110 11.6.1). */
export const schemesOf = ({ authenticate }: ApiCredentials): string[] =>
  ['Bearer', ...(authenticate ? ['Basic'] : [])].map((scheme) => `${scheme} realm="openndes"`);

/** Who sends a request, or the error to answer. */
export type Authorization = (request: FastifyRequest) => Promise<Caller | 'unauthorized' | 'too_many_attempts'>;

/** A session is no credential here: the API is for programs. */
export function authorization({ access, authenticate }: ApiCredentials): Authorization {
  return async (request) => {
    const { cookie: _, ...facts } = factsOf(request);
    const { authorization: sent, address } = facts;
    // A request without credentials is no failure: a browser sends one for any page.
    if (sent === undefined) return 'unauthorized';
    if (authenticate && /^basic /i.test(sent)) return personOf(await authenticate(sent, address), address);
    const caller = await access.resolveCaller(facts);
    if (typeof caller !== 'string') return caller;
    return caller === 'busy' ? 'too_many_attempts' : 'unauthorized';
  };
}

/** For an API that takes sessions too: who logged in at `/api/session` sends the cookie. */
export function callerBehind(access: Pick<Access, 'resolveCaller'>): Authorization {
  return async (request) => {
    const caller = await access.resolveCaller(factsOf(request));
    if (typeof caller !== 'string') return { ...caller, source: 'api' };
    return caller === 'busy' ? 'too_many_attempts' : 'unauthorized';
  };
}

/** A user of the page may have passwords for every endpoint. */
function personOf(login: Login, address: string): Caller | 'unauthorized' | 'too_many_attempts' {
  if (login.kind === 'known')
    return { actor: { kind: 'person', name: login.user, address }, source: 'api', grants: [{ role: 'operator' }] };
  return login.kind === 'busy' ? 'too_many_attempts' : 'unauthorized';
}
