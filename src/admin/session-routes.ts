/** `/api/session`: who sends the request and what it may do; login and logout of people, as JSON. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Access, LoginResult, NoCaller } from '../access/access-checks.ts';
import type { Caller } from '../actions/action.ts';
import { isCrossSite } from './cross-site.ts';
import { factsOf } from './request-facts.ts';

/** Every error: its code in the answer, its status, and what to do. */
const ERRORS = {
  anonymous: { status: 401, message: 'Log in, or send `Authorization: Bearer TOKEN` with a token of `admin.tokens`.' },
  wrong: { status: 401, message: 'The user, the password, the code or the token is wrong, or has ended.' },
  busy: { status: 429, message: 'Too many wrong logins from this address. Come back in a minute.' },
  open: {
    status: 403,
    message:
      'This listener is reached over a network without TLS, where anybody could read the password. Give it `admin.tls`, or set `admin.publicUrl` to the https URL of a proxy and `admin.trustProxy` to its address.',
  },
  cross_site: { status: 403, message: 'A browser sent this for a page of another site.' },
  bad_request: { status: 400, message: 'Send a JSON object: {"user": "ada", "password": "…", "code": "123456"}.' },
} as const;

const text = { type: 'string', maxLength: 1024 } as const;
const CREDENTIALS = {
  type: 'object',
  required: ['user', 'password'],
  additionalProperties: false,
  properties: { user: text, password: text, code: text },
} as const;

/** Registers the routes. */
export async function sessionRoutes(app: FastifyInstance, { access }: { access: Access }): Promise<void> {
  const url = '/api/session';
  app.setErrorHandler((_error, _request, reply) => refuse(reply, 'bad_request'));
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('cache-control', 'no-store');
    return isCrossSite(request) ? refuse(reply, 'cross_site') : undefined;
  });
  app.get(url, async (request, reply) => {
    const caller = await access.resolveCaller(factsOf(request));
    return typeof caller === 'string' ? refuse(reply, caller) : reply.send(shown(caller));
  });
  app.post<{ Body: { user: string; password: string; code?: string } }>(
    url,
    { schema: { body: CREDENTIALS } },
    async (request, reply) => answerLogin(reply, await access.login(request.body, factsOf(request))),
  );
  app.delete(url, async (request, reply) => {
    const { cookie } = await access.logout(factsOf(request));
    return reply.code(204).header('set-cookie', cookie).send();
  });
}

function answerLogin(reply: FastifyReply, result: LoginResult): FastifyReply {
  if (result.kind === 'logged-in') return reply.code(204).header('set-cookie', result.cookie).send();
  return refuse(reply, result.kind);
}

const shown = ({ actor: { kind, name }, grants }: Caller) => ({ kind, name, grants });

const refuse = (reply: FastifyReply, error: NoCaller | keyof typeof ERRORS): FastifyReply => {
  const { status, message } = ERRORS[error];
  return reply.code(status).send({ error, message });
};
