/** SCEP as an encapsulated fastify plugin: routes, exact content types, one log line a request, one writer of errors. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock, Logger } from '../core/contracts.ts';
import { HTTP_ERRORS, HttpError, type HttpErrorCode } from '../core/errors.ts';
import type { ScepService } from '../enroll/service.ts';
import { runOperation } from './operations.ts';
import { gate } from './overload.ts';
import { canonicalPath, endpointPaths } from './paths.ts';

export type ScepPluginOptions = {
  services: readonly ScepService[];
  logger: Logger;
  clock: Clock;
  /** Requests under way at once; the next one gets 503. */
  mostRunning?: number;
  /** Octets of a POST body; more gets 413. */
  bodyLimit?: number;
};

/** RFC 8894 has no bound. An Intune message with an RSA-4096 key has 12 KB; peers take 2 MiB. */
const BODY_LIMIT = 2 * 1024 * 1024;
const MOST_RUNNING = 512;
const RETRY_AFTER_SECONDS = '5';

/**
 * Serves every service at its path, in any letter case and with what clients append. Register it under no prefix.
 * It does not redirect, set cookies, compress or authenticate: devices can do none of that.
 */
export async function scepPlugin(app: FastifyInstance, options: ScepPluginOptions): Promise<void> {
  const { services, logger, clock, mostRunning = MOST_RUNNING, bodyLimit = BODY_LIMIT } = options;
  const paths = endpointPaths(services);
  const busy = gate(mostRunning);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit },
    async (_request: FastifyRequest, body: Buffer) => body,
  );
  // Clients send any Content-Type, none, or one that is malformed; fastify would answer 415 to the last.
  app.addHook('onRequest', async (request) => {
    request.raw.headers['content-type'] = 'application/octet-stream';
  });
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, logger));

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const started = clock().getTime();
    const service = paths.get(canonicalPath(pathOf(request)));
    if (!service) {
      reply.callNotFound();
      return reply;
    }
    const body = request.body instanceof Uint8Array ? request.body : undefined;
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const result = await busy.run(() => runOperation(service, { method, url: request.raw.url ?? '', body }));
    logger.info({ ...requestFacts(request, service), ...result.facts, ms: clock().getTime() - started }, 'scep');
    return reply.header('content-type', result.contentType).header('cache-control', 'no-store').send(result.body);
  };
  for (const url of routes(paths)) app.route({ method: ['GET', 'HEAD', 'POST'], url, bodyLimit, handler });
}

/** A path and everything below it, where clients put `/pkiclient.exe` once or twice. */
const routes = (paths: ReadonlyMap<string, ScepService>): string[] =>
  [...paths.keys()].flatMap((path) => [path, `${path}/*`]);

const pathOf = (request: FastifyRequest): string =>
  (request.raw.url ?? '').replace(/\?.*$/s, '').replace(/^https?:\/\/[^/]*/i, '');

const requestFacts = (request: FastifyRequest, service?: ScepService): Record<string, unknown> => ({
  endpoint: service?.path,
  method: request.method,
  ip: request.ip,
  userAgent: request.headers['user-agent']?.slice(0, 200),
});

/** Fastify's own refusals, by its code, as ours. */
const FASTIFY_ERRORS: Readonly<Record<string, HttpErrorCode>> = { FST_ERR_CTP_BODY_TOO_LARGE: 'message_too_large' };

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

function errorCode(error: unknown): HttpErrorCode {
  if (error instanceof HttpError) return error.code;
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  const known = code === undefined ? undefined : FASTIFY_ERRORS[code];
  return known ?? (statusCode !== undefined && statusCode < 500 ? 'message_undecodable' : 'unavailable');
}
