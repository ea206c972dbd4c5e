/** Bounds the requests of one connection that have no answer yet: 64 KB of a client can hold 1,500 of them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** No SCEP client and no proxy sends a request before it has the answer to the one before. */
const MOST_UNANSWERED = 16;

/**
 * The same handler. A connection on which more than `MOST_UNANSWERED` requests wait for their answer, or for a client that
 * reads it, is ended.
 */
export function boundUnanswered(handle: Handler): Handler {
  const unanswered = new WeakMap<Socket, number>();
  const add = (socket: Socket, number: number): number => {
    const now = (unanswered.get(socket) ?? 0) + number;
    unanswered.set(socket, now);
    return now;
  };
  return (request, response) => {
    const { socket } = request;
    // Node.js goes on reading what has come already.
    if (socket.destroyed) return;
    if (add(socket, 1) > MOST_UNANSWERED) {
      socket.destroy();
      return;
    }
    response.once('close', () => add(socket, -1));
    handle(request, response);
  };
}

/** Puts the bound before every request that comes to the server of `app`. */
export function boundServer(app: FastifyInstance): void {
  const handle: Handler = (request, response) => app.routing(request, response);
  app.server.removeAllListeners('request').on('request', boundUnanswered(handle));
}
