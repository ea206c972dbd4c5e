/** SCEP as an encapsulated fastify plugin: routes, exact content types, one event for each request, one error handler. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../core/environment.ts';
import type { Emit, HttpErrorFacts, ServerEvent } from '../core/events.ts';
import { HTTP_ERRORS, HttpError, type HttpErrorCode } from '../core/errors.ts';
import type { ScepService } from '../enroll/service.ts';
import { allow } from './allow.ts';
import { defined } from '../core/defined.ts';
import { bodies, type Pace } from './body.ts';
import type { ComingLimits } from './coming-bodies.ts';
import { httpFacts, pathOf } from './facts.ts';
import { type Incoming, runOperation } from './operations.ts';
import { canonicalPath, endpointPaths } from './paths.ts';
import { queryValue } from './query.ts';

/** Options of the plugin. */
export type ScepPluginOptions = {
  services: readonly ScepService[];
  emit: Emit;
  clock: Clock;
  /** Octets of a POST body; more gets 413. */
  bodyLimit?: number;
  /** Octets of all POST bodies of more than 64 KiB in memory, and as many of all shorter ones, a quarter of it of one address; more gets 503. */
  mostBuffered?: number;
  /** How slowly a POST body may come; slower gets 408. */
  pace?: Pace;
  /** How many POST bodies may be on their way; beyond these the one that has taken longest gets 408. */
  coming?: ComingLimits;
};

/** RFC 8894 sets no limit. The longest real messages have 65 KB; an Intune message with an RSA-4096 key has 12 KB. */
const BODY_LIMIT = 256 * 1024;
const MOST_BUFFERED = 64 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 5;
const ANY_TYPE = 'application/octet-stream';

/**
 * Serves every service at its path, in any letter case and with the suffixes that clients append. Register it without a
 * prefix. It does not redirect, set cookies, compress or authenticate: devices support none of these. Throws TypeError
 * when two services have the same path.
 */
export async function scepPlugin(app: FastifyInstance, options: ScepPluginOptions): Promise<void> {
  const { services, emit, clock } = options;
  const { bodyLimit: longest = BODY_LIMIT, mostBuffered: most = MOST_BUFFERED, pace, coming } = options;
  const paths = endpointPaths(services);
  const posted = bodies({ longest, most, share: most / 4, ...defined({ pace, coming }) });

  app.removeAllContentTypeParsers();
  // The handler reads bodies, because it counts their octets for as long as they are in memory.
  app.addContentTypeParser([ANY_TYPE, '*'], (_request, payload, done) => done(null, payload));
  // Clients send any Content-Type, none, or a malformed one, to which fastify would answer 415.
  app.addHook('onRequest', (request, _reply, done) => {
    request.raw.headers['content-type'] = ANY_TYPE;
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    const service = paths.get(canonicalPath(pathOf(request)));
    return sendError(error, request, reply, { emit, ...(service && { endpoint: service.name }) });
  });

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const started = clock().getTime();
    const path = pathOf(request);
    const service = paths.get(path) ?? paths.get(canonicalPath(path));
    if (!service) {
      reply.callNotFound();
      return reply;
    }
    const url = request.raw.url ?? '';
    if (request.method === 'HEAD') assertSafe(url);
    const run = (incoming: Incoming) => runOperation(service, incoming);
    const result =
      request.method === 'POST'
        ? await posted.use(request.raw, (body) => run({ method: 'POST', url, body }), request.ip)
        : await run({ method: 'GET', url, body: undefined });
    const ms = clock().getTime() - started;
    // The name comes last: the facts of a policy cannot replace it.
    emit({ endpoint: service.name, ...httpFacts(request), ...result.facts, ms, event: 'scep-request-answered' });
    void reply.headers({ ...result.headers, 'content-type': result.contentType, 'cache-control': 'no-store' });
    return reply.send(result.body);
  };
  for (const url of routes(paths)) {
    app.route({ method: ['GET', 'HEAD', 'POST'], url, handler });
    app.options(url, (request, reply) => {
      if (!paths.has(canonicalPath(pathOf(request)))) reply.callNotFound();
      else void allow(reply, 'GET, HEAD, POST, OPTIONS');
    });
  }
}

/** A path and everything below it, because clients append `/pkiclient.exe` once or twice. */
const routes = (paths: ReadonlyMap<string, ScepService>): string[] =>
  [...paths.keys()].flatMap((path) => [path, `${path}/*`]);

/** RFC 9110 9.2.1: HEAD is safe. The other operations change nothing; this one would use up a challenge. */
function assertSafe(url: string): void {
  if (queryValue(url, 'operation')?.toLowerCase() === 'pkioperation')
    throw new HttpError('message_undecodable', 'PKIOperation with HEAD');
}

/** Errors that are neither the fault of the message nor of this server. */
const EVENTS: Readonly<Partial<Record<HttpErrorCode, 'scep-request-deferred'>>> = {
  overloaded: 'scep-request-deferred',
  waiting_full: 'scep-request-deferred',
};

/** Who is told of an error, and the endpoint at the path, if there is one. */
type Told = { emit: Emit; endpoint?: string };

function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { emit, ...named }: Told,
): FastifyReply {
  const code = errorCode(error);
  const { status, text } = HTTP_ERRORS[code];
  const path = pathOf(request).slice(0, 200);
  const event = EVENTS[code] ?? (status < 500 ? 'scep-request-refused' : 'scep-request-failed');
  const operation = queryValue(request.raw.url ?? '', 'operation')?.slice(0, 40);
  const asked = { ...httpFacts(request), path, ...defined({ operation }), ...named };
  const facts: HttpErrorFacts = { ...asked, status, code, err: error };
  // The compiler compares unions of at most 25 members, and status, code and event have more together.
  emit({ ...facts, event } as ServerEvent);
  if (status === 503) void reply.header('retry-after', String(retryAfterOf(error)));
  // Its sender would go on for as long as the connection lasts.
  if (status === 408) void reply.header('connection', 'close');
  return reply
    .code(status)
    .header('content-type', 'text/plain')
    .header('cache-control', 'no-store')
    .send(Buffer.from(text, 'latin1'));
}

const retryAfterOf = (error: unknown): number =>
  (error instanceof HttpError ? error.retryAfter : undefined) ?? RETRY_AFTER_SECONDS;

/** Fastify's own errors have a statusCode. An error without one is a failure of this server. */
function errorCode(error: unknown): HttpErrorCode {
  if (error instanceof HttpError) return error.code;
  const { statusCode } = error as { statusCode?: number };
  return statusCode !== undefined && statusCode < 500 ? 'message_undecodable' : 'unavailable';
}
