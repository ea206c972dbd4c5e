/** Which app answers the requests of listeners that stay open, and when the app before it has answered its last one. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { within } from '../core/ask.ts';
import type { Generation } from './generation.ts';

/** The servers that listen. They have no routes of their own. */
export type Listeners = { devices: FastifyInstance; admin?: FastifyInstance };

/**
 * `ended` resolves when no request that was passed is running, or when the signal aborts: a client can leave its answer
 * unread for ever. It is called after others have taken over.
 */
export type PassedRequests = { ended: (givenUp: AbortSignal) => Promise<void> };

/** From now on all requests go to the apps of this generation, and new connections get its TLS certificate. */
export function passRequests(
  { devices, admin }: Listeners,
  next: Pick<Generation, 'server' | 'admin' | 'settings'>,
): PassedRequests {
  const passed = [passTo(devices, next.server), ...(admin && next.admin ? [passTo(admin, next.admin)] : [])];
  const { tls } = next.settings;
  if (tls)
    (devices.server as unknown as TlsServer).setSecureContext({
      cert: tls.certificate,
      key: tls.key,
      minVersion: 'TLSv1.2',
    });
  return { ended: async (givenUp) => void (await Promise.all(passed.map(({ ended }) => ended(givenUp)))) };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

function passTo({ server }: FastifyInstance, app: FastifyInstance): PassedRequests {
  // What its own server would call, with the bounds that are before the app. Its server may be this one.
  const handlers = app.server.listeners('request') as Handler[];
  const running = new Set<Promise<void>>();
  const pass = (request: IncomingMessage, response: ServerResponse): void => {
    const { promise, resolve } = Promise.withResolvers<void>();
    running.add(promise);
    response.once('close', () => {
      running.delete(promise);
      resolve();
    });
    for (const handle of handlers) handle(request, response);
  };
  server.removeAllListeners('request').on('request', pass);
  return { ended: (givenUp) => within(() => Promise.all(running), givenUp).then(nothing, nothing) };
}

const nothing = (): void => {};
