/** Starts an HTTP server on loopback, interrupts it, and closes it without waiting for connections that stay open. */
import type { TcpSocket } from './delivery.ts';
import type { OutageKind, OutagePort } from './outages.ts';
import type { TlsCredential } from './throwaway-ca.ts';

/** The address of all listeners of the simulator. */
export const LOOPBACK = '127.0.0.1';

/** Time that running calls have to finish, milliseconds. */
const GRACE = 500;

/** The part of a fastify application that is used here, with TLS or without. */
type Listening = {
  server: {
    on(event: 'connection', listener: (socket: TcpSocket) => void): unknown;
    on(event: 'error', listener: () => void): unknown;
    once(event: 'listening', listener: () => void): unknown;
    off(event: 'error', listener: () => void): unknown;
    address(): { port: number } | string | null;
    listen(options: { host: string; port: number }): unknown;
    close(): unknown;
    listening: boolean;
    setSecureContext?(credential: { key: string; cert: string }): void;
  };
  listen(options: { host: string; port: number }): Promise<string>;
  close(): PromiseLike<undefined>;
};

/** A listener that is open. */
export type OpenListener = OutagePort & { port: number; close: () => Promise<void> };

/** The certificates of a listener: its own, and one of an authority that no client trusts. */
export type TlsChoice = { own: TlsCredential; foreign: TlsCredential };

/** Listens; `port` 0 takes a free port. `close` ends idle connections at once, the others after 500 ms. */
async function listen(app: Listening, port: number, tls?: TlsChoice): Promise<OpenListener> {
  const sockets = new Set<TcpSocket>();
  app.server.on('connection', (socket: TcpSocket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await app.listen({ host: LOOPBACK, port });
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the listener has no port');
  const endAll = (): void => sockets.forEach((socket) => socket.destroy());
  const close = async (): Promise<void> => {
    // Without this a socket that sends nothing, or waits for an answer that never comes, would keep the server open.
    const timer = setTimeout(endAll, GRACE);
    await app.close();
    clearTimeout(timer);
  };
  return { port: address.port, close, ...outagePort({ app, port: address.port, tls, endAll }) };
}

type Interruptible = { app: Listening; port: number; tls: TlsChoice | undefined; endAll: () => void };

function outagePort({ app: { server }, port, tls, endAll }: Interruptible): OutagePort {
  const show = (credential: TlsCredential | undefined): void =>
    credential && server.setSecureContext?.({ key: credential.key, cert: credential.certificate });
  let refusing = false;
  const begin: Readonly<Record<OutageKind, () => void>> = {
    refused: () => {
      refusing = true;
      if (server.listening) server.close();
    },
    untrusted: () => show(tls?.foreign),
  };
  return {
    begin(kind) {
      begin[kind]();
      // The call that begins the outage is reset first.
      setImmediate(endAll);
    },
    async end() {
      show(tls?.own);
      // Only what the outage closed: the listener may be closed for good.
      if (refusing && !server.listening) await listenAgain(server, port);
      refusing = false;
    },
  };
}

/** A connection of another program may have the port for a moment. */
const RETRY = 100;

const listenAgain = (server: Listening['server'], port: number): Promise<void> =>
  new Promise((resolve) => {
    const retry = (): void => void setTimeout(() => server.listen({ host: LOOPBACK, port }), RETRY);
    server.on('error', retry);
    server.once('listening', () => {
      server.off('error', retry);
      resolve();
    });
    server.listen({ host: LOOPBACK, port });
  });

/** The listeners of one simulator. When one cannot be opened, all are closed. */
export class Listeners {
  readonly #open: OpenListener[] = [];

  /** As `listen`. */
  async open(app: Listening, port: number, tls?: TlsChoice): Promise<OpenListener> {
    try {
      const listener = await listen(app, port, tls);
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
