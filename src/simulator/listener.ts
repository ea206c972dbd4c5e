/** Starts an HTTP server on loopback, and closes it without waiting for connections that stay open. */
import type { FastifyRequest } from 'fastify';

/** The address of all listeners of the simulator. */
export const LOOPBACK = '127.0.0.1';

/** Time that running calls have to finish, milliseconds. */
const GRACE = 500;

type Socket = FastifyRequest['socket'];

/** The part of a fastify application that is used here, with TLS or without. */
type Listening = {
  server: {
    on(event: 'connection', listener: (socket: Socket) => void): unknown;
    address(): { port: number } | string | null;
  };
  listen(options: { host: string; port: number }): Promise<string>;
  close(): PromiseLike<undefined>;
};

/** A listener that is open. */
export type OpenListener = { port: number; close: () => Promise<void> };

/** Listens; `port` 0 takes a free port. `close` ends idle connections at once, the others after 500 ms. */
async function listen(app: Listening, port: number): Promise<OpenListener> {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await app.listen({ host: LOOPBACK, port });
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the listener has no port');
  const close = async (): Promise<void> => {
    // Without this a socket that sends nothing, or waits for an answer that never comes, would keep the server open.
    const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), GRACE);
    await app.close();
    clearTimeout(timer);
  };
  return { port: address.port, close };
}

/** The listeners of one simulator. When one cannot be opened, all are closed. */
export class Listeners {
  readonly #open: OpenListener[] = [];

  /** As `listen`. */
  async open(app: Listening, port: number): Promise<OpenListener> {
    try {
      const listener = await listen(app, port);
      this.#open.push(listener);
      return listener;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Closes all of them. */
  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map(({ close }) => close()));
  }
}
