/** The API for operators under `/api/v1`: an operation for each action, its schemas, its errors, and its document. */
import swagger from '@fastify/swagger';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AnyAction, type Caller, changes, type Desk, perform, reachFor } from '../actions/action.ts';
import { ActionError } from '../actions/action-error.ts';
import type { Authorization } from '../admin/api-authorization.ts';
import { isCrossSite } from '../admin/cross-site.ts';
import type { Emit } from '../core/events.ts';
import { once, type RestAnswer } from './idempotency.ts';
import { PROBLEM_TYPE, sendProblem } from './problem.ts';
import { routeOf, schemaOf } from './rest-schemas.ts';

/** What the API works on. `version`: that of the product. */
export type RestOptions = {
  actions: readonly AnyAction[];
  desk: Desk;
  login: Authorization;
  version: string;
  emit: Emit;
};

/** Octets of a body: a captured message in base64 fits. */
const BODY_LIMIT = 1024 * 1024;

/** Where the API is. */
export const REST_PREFIX = '/api/v1';

/** Registers the API. It belongs on the administrator's listener alone, with `prefix: REST_PREFIX`. */
export async function restApi(app: FastifyInstance, options: RestOptions): Promise<void> {
  const callers = new WeakMap<FastifyRequest, Caller>();
  app.setErrorHandler((error: FastifyError, request, reply) =>
    // Fastify refuses some methods before it says that the path does not have them.
    request.is404
      ? sendUnserved(request, reply, options.actions)
      : refuse(reply, error, () => tell(options, request, error)),
  );
  app.setNotFoundHandler((request, reply) => sendUnserved(request, reply, options.actions));
  // Before the body is read: the body of an unauthenticated request is not parsed.
  app.addHook('onRequest', async (request, reply) => {
    const caller = isCrossSite(request) ? 'cross_site' : await options.login(request);
    if (typeof caller !== 'string') return void callers.set(request, caller);
    if (caller === 'unauthorized') void reply.header('www-authenticate', 'Bearer realm="openndes"');
    return sendProblem(reply, { code: caller, detail: REFUSED[caller] });
  });
  // What fastify validates it converts, as a query needs it; a body stays as it was sent, and the action checks it.
  app.addHook('preValidation', async (request) => {
    request.sentBody = structuredClone(request.body);
  });
  app.decorateRequest('sentBody', null);
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  await app.register(swagger, { openapi: documentOf(options), stripBasePath: false } as object);
  for (const action of options.actions) register(app, action, options, callers);
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The body before it was validated. */
    sentBody: unknown;
  }
}

const REFUSED = {
  unauthorized: 'There is no valid token in this request',
  too_many_attempts: 'There were too many wrong tokens from this address',
  cross_site: 'This request comes from a page of another site',
} as const;

function register(
  app: FastifyInstance,
  action: AnyAction,
  options: RestOptions,
  callers: WeakMap<FastifyRequest, Caller>,
): void {
  app.route({
    ...routeOf(action),
    schema: schemaOf(action),
    bodyLimit: BODY_LIMIT,
    handler: async (request, reply) => {
      const caller = callers.get(request);
      if (!caller) throw new Error('a request without a caller');
      return answer(request, reply, { action, caller, ...options });
    },
  });
}

type Asked = RestOptions & { action: AnyAction; caller: Caller };

async function answer(request: FastifyRequest, reply: FastifyReply, asked: Asked): Promise<FastifyReply> {
  const { action, caller, desk } = asked;
  const sent = { ...(request.query as object), ...bodyOf(request), ...(request.params as object) };
  const work = async (): Promise<RestAnswer> => {
    const performed = await perform(action, { desk, caller, sent });
    if (performed.kind === 'proposed') return { status: 202, body: JSON.stringify({ proposal: performed.id }) };
    return { status: 200, body: JSON.stringify(performed.output) };
  };
  // Also before an answer that was kept: the caller may have lost the permission since.
  reachFor(action, caller);
  const key = request.headers['idempotency-key'];
  if (!changes(action) || typeof key !== 'string') return send(reply, await work());
  const result = await once(desk, { key, caller, asked: [action.name, sent], secret: action.secret ?? false }, work);
  if ('code' in result) return sendProblem(reply, result);
  if (result.replayed) void reply.header('idempotency-replayed', 'true');
  return send(reply, result);
}

const bodyOf = ({ sentBody }: FastifyRequest): object =>
  typeof sentBody === 'object' && sentBody !== null ? sentBody : {};

const send = (reply: FastifyReply, { status, body }: RestAnswer): FastifyReply =>
  reply
    .code(status)
    .header('cache-control', 'no-store')
    .header('content-type', status < 400 ? 'application/json' : PROBLEM_TYPE)
    .send(Buffer.from(body));

const BY_STATUS = { 413: 'too_large', 415: 'unsupported_media_type' } as const;

/** `tell` is called for what is no fault of the client. */
function refuse(reply: FastifyReply, error: FastifyError, tell: () => void): FastifyReply {
  if (error instanceof ActionError)
    return sendProblem(reply, { code: error.code, detail: error.message, remedy: error.remedy });
  const { statusCode = 500 } = error;
  if (statusCode < 500) {
    const code = statusCode === 413 || statusCode === 415 ? BY_STATUS[statusCode] : 'invalid';
    return sendProblem(reply, { code, detail: error.message });
  }
  tell();
  return sendProblem(reply, { code: 'failed', detail: 'The server could not do this' });
}

const tell = ({ emit }: RestOptions, { method, url }: FastifyRequest, err: unknown): void =>
  emit({ event: 'api-failed', operation: `${method} ${url.replace(/\?.*/s, '')}`.slice(0, 200), err });

/** 405 with the field Allow for a path of another method (RFC 9110 15.5.6). */
function sendUnserved(
  { url, method }: FastifyRequest,
  reply: FastifyReply,
  actions: readonly AnyAction[],
): FastifyReply {
  const path = url.replace(/[?#].*/s, '');
  const methods = [
    ...new Set(actions.filter((action) => matches(action, path)).map((action) => routeOf(action).method)),
  ];
  if (methods.length === 0)
    return sendProblem(reply, { code: 'no_such_operation', detail: 'There is no operation at this path' });
  void reply.header('allow', methods.join(', '));
  return sendProblem(reply, { code: 'method_not_allowed', detail: `${method} is not possible here` });
}

const matches = (action: AnyAction, path: string): boolean =>
  new RegExp(`^${REST_PREFIX}${routeOf(action).url.replaceAll(/:\w+/g, '[^/]+')}/?$`, 'i').test(path);

const documentOf = ({ version }: RestOptions) => ({
  openapi: '3.1.0',
  info: {
    title: 'openndes',
    version,
    description: 'What operators do: the same actions as on the pages and on the command line. See docs/api.md.',
  },
  components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  security: [{ token: [] }],
});
