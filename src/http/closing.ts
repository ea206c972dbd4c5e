/** Closes the connections of a server: those that wait for a next request when there are many, and all of them at its end. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { isUnanswered } from './unanswered.ts';

/**
 * `grace`: milliseconds that running requests get when the server closes, asked then. `mostSockets`: connections beyond which
 * those that wait for a next request are closed; a device opens another when it needs it.
 */
export type ClosingOptions = { grace: () => number; mostSockets?: number | undefined };

const MOST_SOCKETS = 4_096;
const CLOSED_EVERY = 100;
const ENDED_EVERY = 200;

/**
 * Shutdown cannot hang: running requests finish, every connection without one is closed at once, also one that never sent an
 * octet or is in the middle of its TLS handshake, and after `grace` milliseconds the rest is destroyed.
 */
export function closeInTime(app: FastifyInstance, { grace, mostSockets = MOST_SOCKETS }: ClosingOptions): void {
  // Also those in the middle of a TLS handshake, which the server does not count as connections yet.
  const sockets = new Set<Socket>();
  const secured = new Set<Socket>();
  const closeIdle = onceIn(CLOSED_EVERY, () => app.server.closeIdleConnections());
  app.server.on('connection', (socket: Socket) => {
    keep(sockets, socket);
    if (sockets.size > mostSockets) closeIdle();
  });
  app.server.on('secureConnection', (socket: TLSSocket) => keep(secured, socket));
  app.addHook('preClose', async () => {
    const endIdle = (): void => destroyIdle(sockets, secured);
    const idle = setInterval(endIdle, ENDED_EVERY).unref();
    const last = setTimeout(() => sockets.forEach((socket) => socket.destroy()), grace()).unref();
    app.server.once('close', () => {
      clearInterval(idle);
      clearTimeout(last);
    });
    endIdle();
  });
}

function keep(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
}

/** A request belongs to the secured socket of a connection, which has the same peer as the socket below it. */
function destroyIdle(sockets: ReadonlySet<Socket>, secured: ReadonlySet<Socket>): void {
  const busy = new Set([...sockets, ...secured].filter(isUnanswered).map(peerOf));
  for (const socket of sockets) if (!busy.has(peerOf(socket))) socket.destroy();
}

/** A socket in the file system has no port: it stands for itself. */
const peerOf = (socket: Socket): unknown =>
  socket.remotePort === undefined ? socket : `${socket.remoteAddress} ${socket.remotePort}`;

/** Does the work, and then not again for `ms` milliseconds. */
function onceIn(ms: number, work: () => void): () => void {
  let rests = false;
  return () => {
    if (rests) return;
    rests = true;
    setTimeout(() => (rests = false), ms).unref();
    work();
  };
}
