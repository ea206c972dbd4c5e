/** Serves OCSP over plain HTTP at `/ocsp/<name>` (RFC 6960 A, RFC 5019 5 and 6): GET with the request in the path, and POST. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from '../core/errors.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { KeptAnswer, OcspAnswer, OcspResponder } from '../ocsp/ocsp-responder.ts';
import { LONGEST_REQUEST } from '../ocsp/ocsp-request.ts';
import { UNSIGNED_RESPONSES } from '../ocsp/ocsp-response.ts';
import { allow } from './allow.ts';
import { bodies } from './body.ts';
import { pathOf } from './facts.ts';
import { messageFromQuery } from './message-decoding.ts';
import { perMinute } from './per-minute.ts';

/** The responder of each authority by its name. */
export type OcspResponders = ReadonlyMap<string, OcspResponder>;

/** What the routes are made with. */
export type OcspRouteOptions = { responders: OcspResponders; emit: Emit; clock: Clock };

const ANY_TYPE = 'application/octet-stream';
const RESPONSE_TYPE = 'application/ocsp-response';
/** Octets of all requests in memory that are on their way. */
const MOST_BUFFERED = 4 * 1024 * 1024;
const MALFORMED: OcspAnswer = { body: UNSIGNED_RESPONSES.malformedRequest, status: 'malformedRequest' };
const INTERNAL: OcspAnswer = { body: UNSIGNED_RESPONSES.internalError, status: 'internalError' };

/** Two routes for each responder. Every answer is an OCSPResponse with status 200, an error too, as RFC 6960 A.2 has it. */
export async function ocspPlugin(app: FastifyInstance, options: OcspRouteOptions): Promise<void> {
  const { responders, emit, clock } = options;
  const line = perMinute(clock);
  const failed = (request: FastifyRequest, err: unknown): OcspAnswer => {
    line((skipped) => emit({ event: 'ocsp-failed', path: pathOf(request).slice(0, 200), err, ...skipped }));
    return INTERNAL;
  };
  acceptAnyBody(app);
  app.setErrorHandler((err, request, reply) => send(request, reply, failed(request, err), clock));
  const posted = bodies({ longest: LONGEST_REQUEST, most: MOST_BUFFERED });

  for (const [name, responder] of responders) {
    const told = (request: FastifyRequest, reply: FastifyReply, answer: OcspAnswer): FastifyReply => {
      emit({ event: 'ocsp-answered', authority: name, status: answer.status });
      return send(request, reply, answer, clock);
    };
    const get = (request: FastifyRequest, reply: FastifyReply): FastifyReply | Promise<FastifyReply> => {
      const octets = requestInPath(request);
      const answer = octets ? responder(octets) : MALFORMED;
      if (!(answer instanceof Promise)) return told(request, reply, answer);
      return answer.catch((err: unknown) => failed(request, err)).then((each) => told(request, reply, each));
    };
    const post = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const answer = await posted
        .use(request.raw, async (body) => responder(body), request.ip)
        .catch((err: unknown) => (err instanceof HttpError ? MALFORMED : failed(request, err)));
      return told(request, reply, answer);
    };
    for (const url of [`/ocsp/${name}`, `/ocsp/${name}/*`]) {
      app.get(url, get);
      app.post(url, post);
      app.options(url, (_request, reply) => allow(reply, 'GET, HEAD, POST, OPTIONS'));
    }
  }
}

/** Clients send any Content-Type, none, or a malformed one. The route reads the body itself, within its limits. */
function acceptAnyBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([ANY_TYPE, '*'], (_request, payload, done) => done(null, payload));
  app.addHook('onRequest', (request, _reply, done) => {
    request.raw.headers['content-type'] = ANY_TYPE;
    done();
  });
}

/** What follows `/ocsp/NAME/`: base64, in which a slash can be written as it is. */
const IN_PATH = /^\/*[^/]+\/+[^/]+\/+([^?]+)/;

/** Undefined when it is not base64. */
function requestInPath(request: FastifyRequest): Uint8Array | undefined {
  const text = IN_PATH.exec(pathOf(request))?.[1];
  try {
    return text === undefined ? undefined : messageFromQuery(text.includes('%') ? decoded(text) : text);
  } catch (error) {
    if (error instanceof HttpError) return undefined;
    throw error;
  }
}

/** Some clients encode twice, and `messageFromQuery` decodes once. */
const decoded = (text: string): string => text.replaceAll(/%25/g, '%');

/** RFC 5019 6.2: how long caches may keep an answer. */
function send(request: FastifyRequest, reply: FastifyReply, { body, kept }: OcspAnswer, clock: Clock): FastifyReply {
  void reply.header('content-type', RESPONSE_TYPE);
  if (!kept || request.method === 'POST') return reply.header('cache-control', 'no-store').send(body);
  const seconds = Math.max(0, Math.floor((kept.until - clock().getTime()) / 1_000));
  void reply
    .header('cache-control', `max-age=${seconds}, public, no-transform, must-revalidate`)
    .header('etag', kept.etag)
    .header('last-modified', kept.lastModified)
    .header('expires', kept.expires);
  return isKnown(request, kept) ? reply.code(304).send() : reply.send(body);
}

const isKnown = ({ headers }: FastifyRequest, { etag }: KeptAnswer): boolean =>
  headers['if-none-match'] !== undefined && headers['if-none-match'].includes(etag);
