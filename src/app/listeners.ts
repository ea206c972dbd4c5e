/** Which app answers the requests of listeners that stay open, and when the app before it has answered its last one. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { within } from '../core/ask.ts';
import type { Generation } from './generation.ts';
import type { AdminTlsFiles } from './listener-tls.ts';

/**
 * The servers that listen. `devices`: in the order of `listen.places`; they have no routes of their own. `metrics` keeps its own, for
 * all generations.
 */
export type Listeners = { devices: readonly FastifyInstance[]; admin?: FastifyInstance; metrics?: FastifyInstance };

/**
 * `ended` resolves when no request that was passed is running, or when the signal aborts: a client can leave its answer
 * unread for ever. It is called after others have taken over.
 */
export type PassedRequests = { ended: (givenUp: AbortSignal) => Promise<void> };

/** From now on all requests go to the apps of this generation, and new connections get its TLS certificates. */
export function passRequests(
  { devices, admin }: Listeners,
  next: Pick<Generation, 'server' | 'admin' | 'settings'>,
): PassedRequests {
  const passed = devices.map((each) => passTo(each, next.server));
  if (admin && next.admin) passed.push(passTo(admin, next.admin));
  for (const [index, { server }] of devices.entries()) {
    const tls = next.settings.tls[index];
    if (tls) (server as unknown as TlsServer).setSecureContext(secureContext(tls));
  }
  const { adminTls } = next.settings;
  if (admin && adminTls) (admin.server as unknown as TlsServer).setSecureContext(secureContext(adminTls));
  return { ended: async (givenUp) => void (await Promise.all(passed.map(({ ended }) => ended(givenUp)))) };
}

/** How a listener with these files speaks TLS. */
export const secureContext = ({ certificate, key, clientCa }: AdminTlsFiles) => ({
  cert: certificate,
  key,
  minVersion: 'TLSv1.2' as const,
  ...(clientCa !== undefined && { ca: clientCa }),
});

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
