/** Bounds the requests of one connection that have no answer yet: 64 KB of a client can hold 1,500 of them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** No SCEP client and no proxy sends a request before it has the answer to the one before. */
const MOST_UNANSWERED = 16;

type Accept = (request: IncomingMessage, response: ServerResponse) => boolean;

/** How many of each connection. The servers of a process share it: the requests of one go to the app of another. */
const UNANSWERED = new WeakMap<Socket, number>();

/** Whether a connection has a request that is running, or whose answer the client has not taken. */
export const isUnanswered = (socket: Socket): boolean => (UNANSWERED.get(socket) ?? 0) > 0;

function add(socket: Socket, number: number): number {
  const now = (UNANSWERED.get(socket) ?? 0) + number;
  UNANSWERED.set(socket, now);
  return now;
}

/**
 * Whether a request may be handled. A connection on which more than `MOST_UNANSWERED` requests wait for their answer, or for a
 * client that reads it, is ended.
 */
const accept: Accept = ({ socket }, response) => {
  if (socket.destroyed) return false;
  if (add(socket, 1) > MOST_UNANSWERED) {
    stopParsing(socket);
    socket.destroy();
    return false;
  }
  response.once('close', () => add(socket, -1));
  return true;
};

/** What the parser of Node.js takes for "no further message follows on this connection". */
const NO_MORE = 2;

/**
 * Node.js goes on parsing what has come already, 1,500 requests in 64 KB, and makes an error for each when the socket has been
 * destroyed: 60 ms of CPU, 4 ms without. There is no documented way to stop it. Where the parser is not found, nothing changes.
 */
function stopParsing(socket: Socket & { parser?: { onIncoming?: () => number } | null }): void {
  if (socket.parser?.onIncoming) socket.parser.onIncoming = () => NO_MORE;
}

/** The same handler, for the requests of a connection that has not too many. */
export const boundUnanswered =
  (handle: Handler): Handler =>
  (request, response) => {
    if (accept(request, response)) handle(request, response);
  };

/** Puts the bound before every request that comes to the server of `app`. */
export function boundServer(app: FastifyInstance): void {
  const handle: Handler = (request, response) => app.routing(request, response);
  app.server.removeAllListeners('request').on('request', boundUnanswered(handle));
}

/** Puts the bound before the routes of `app`, for a plugin in an app whose other routes are not ours. */
export function boundRoutes(app: FastifyInstance): void {
  app.addHook('onRequest', ({ raw }, reply, done) => {
    if (accept(raw, reply.raw)) done();
    else reply.hijack();
  });
}
