/** Opens an HTTP server on loopback, and closes it without waiting for connections that nobody will end. */
import type { FastifyRequest } from 'fastify';

export const LOOPBACK = '127.0.0.1';

/** Milliseconds that running calls get to finish. */
const GRACE = 500;

type Socket = FastifyRequest['socket'];

/** How fastify looks from here, over TLS or not. */
type Listening = {
  server: {
    on(event: 'connection', hear: (socket: Socket) => void): unknown;
    address(): { port: number } | string | null;
  };
  listen(options: { host: string; port: number }): Promise<string>;
  close(): PromiseLike<undefined>;
};

/** Listens; `port` 0 takes a free one. `close` ends connections that are idle at once and all others after the grace. */
export async function listen(app: Listening, port: number): Promise<{ port: number; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await app.listen({ host: LOOPBACK, port });
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the listener has no port');
  const close = async (): Promise<void> => {
    // A socket that never sends a byte, or waits for an answer that never comes, would keep the server open for ever.
    const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), GRACE);
    await app.close();
    clearTimeout(timer);
  };
  return { port: address.port, close };
}
