/** SCEP as an encapsulated fastify plugin: routes, exact content types, one log line a request, one writer of errors. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock, Logger } from '../core/environment.ts';
import { HTTP_ERRORS, HttpError, type HttpErrorCode } from '../core/errors.ts';
import type { ScepService } from '../enroll/service.ts';
import { bodies } from './body.ts';
import { type Incoming, runOperation } from './operations.ts';
import { gate } from './overload.ts';
import { canonicalPath, endpointPaths } from './paths.ts';
import { queryValue } from './query.ts';

export type ScepPluginOptions = {
  services: readonly ScepService[];
  logger: Logger;
  clock: Clock;
  /** Requests under way at once; the next one gets 503. */
  mostRunning?: number;
  /** Octets of a POST body; more gets 413. */
  bodyLimit?: number;
  /** Octets of all POST bodies of more than 64 KiB in memory, and as many of all shorter ones; beyond them 503. */
  mostBuffered?: number;
};

/** RFC 8894 has no bound. An Intune message with an RSA-4096 key has 12 KB; peers take 2 MiB. */
const BODY_LIMIT = 2 * 1024 * 1024;
const MOST_RUNNING = 512;
const MOST_BUFFERED = 64 * 1024 * 1024;
const RETRY_AFTER_SECONDS = '5';
const ANY_TYPE = 'application/octet-stream';

/**
 * Serves every service at its path, in any letter case and with what clients append. Register it under no prefix.
 * It does not redirect, set cookies, compress or authenticate: devices can do none of that.
 */
export async function scepPlugin(app: FastifyInstance, options: ScepPluginOptions): Promise<void> {
  const { services, logger, clock, mostRunning = MOST_RUNNING } = options;
  const { bodyLimit: longest = BODY_LIMIT, mostBuffered: most = MOST_BUFFERED } = options;
  const paths = endpointPaths(services);
  const busy = gate(mostRunning);
  const posted = bodies({ longest, most });

  app.removeAllContentTypeParsers();
  // Bodies are read by the handler, which alone knows how long they stay in memory.
  app.addContentTypeParser([ANY_TYPE, '*'], (_request, payload, done) => done(null, payload));
  // Clients send any Content-Type, none, or one that is malformed; fastify would answer 415 to the last.
  app.addHook('onRequest', (request, _reply, done) => {
    request.raw.headers['content-type'] = ANY_TYPE;
    done();
  });
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, logger));

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
    const run = (incoming: Incoming) => busy.run(() => runOperation(service, incoming));
    const result =
      request.method === 'POST'
        ? await posted.use(request.raw, (body) => run({ method: 'POST', url, body }))
        : await run({ method: 'GET', url, body: undefined });
    logger.info({ ...requestFacts(request, service), ...result.facts, ms: clock().getTime() - started }, 'scep');
    void reply.headers({ ...result.headers, 'content-type': result.contentType, 'cache-control': 'no-store' });
    return reply.send(result.body);
  };
  for (const url of routes(paths)) app.route({ method: ['GET', 'HEAD', 'POST'], url, handler });
}

/** A path and everything below it, where clients put `/pkiclient.exe` once or twice. */
const routes = (paths: ReadonlyMap<string, ScepService>): string[] =>
  [...paths.keys()].flatMap((path) => [path, `${path}/*`]);

function pathOf(request: FastifyRequest): string {
  const { url = '' } = request.raw;
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  return path.startsWith('/') ? path : path.replace(/^https?:\/\/[^/]*/i, '');
}

/** RFC 9110 9.2.1: HEAD only looks. The other operations only tell; this one would use up a challenge. */
function assertSafe(url: string): void {
  if (queryValue(url, 'operation')?.toLowerCase() === 'pkioperation')
    throw new HttpError('message_undecodable', 'PKIOperation with HEAD');
}

const requestFacts = (request: FastifyRequest, service?: ScepService): Record<string, unknown> => ({
  endpoint: service?.name,
  method: request.method,
  ip: request.ip,
  userAgent: request.headers['user-agent']?.slice(0, 200),
});

function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): FastifyReply {
  const code = errorCode(error);
  const { status, text } = HTTP_ERRORS[code];
  const fields = { ...requestFacts(request), path: pathOf(request).slice(0, 200), status, code, err: error };
  if (status < 500) logger.info(fields, 'scep request refused');
  else logger.error(fields, 'scep request failed');
  if (status === 503) void reply.header('retry-after', RETRY_AFTER_SECONDS);
  return reply
    .code(status)
    .header('content-type', 'text/plain')
    .header('cache-control', 'no-store')
    .send(Buffer.from(text, 'latin1'));
}

/** Fastify's own refusals carry a statusCode; what carries none is a failure of ours. */
function errorCode(error: unknown): HttpErrorCode {
  if (error instanceof HttpError) return error.code;
  const { statusCode } = error as { statusCode?: number };
  return statusCode !== undefined && statusCode < 500 ? 'message_undecodable' : 'unavailable';
}
