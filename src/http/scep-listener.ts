/** A server with the settings that SCEP clients need, and without routes. */
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { closeInTime, type ClosingOptions } from './closing.ts';
import { longRequestLines } from './unserved.ts';

/** `tls`: PEM. */
export type ListenerOptions = ClosingOptions & {
  trustProxy?: readonly string[] | undefined;
  tls?: { certificate: string; key: string } | undefined;
  emit: Emit;
  clock: Clock;
};

/** Octets of request line and headers: Intune challenges make GETs of 40 KB, and NDES accepts 64 KB. Node's default, 16 KB, would answer 431. */
const MAX_HEADER_SIZE = 128 * 1024;
const HANDSHAKE_TIMEOUT = 15_000;
/** Milliseconds without an octet in either direction: longer than any request takes, so that its client does not read. */
const STALLED = 240_000;

/** The server, not yet listening. `close()` finishes running requests, for `grace` milliseconds at most. */
export function scepListener({ trustProxy, tls, emit, clock, ...closing }: ListenerOptions): FastifyInstance {
  // Cisco and sscep use HTTP/1.0 without Host. TLS 1.2 is allowed: the SCEP client of Windows supports no later one.
  const http = {
    maxHeaderSize: MAX_HEADER_SIZE,
    requireHostHeader: false,
    headersTimeout: 15_000,
    connectionsCheckingInterval: 2_000,
  };
  const app: FastifyInstance = Fastify({
    ...(tls ? { https: { ...http, ...tlsOptions(tls) } } : { http }),
    requestTimeout: 30_000,
    keepAliveTimeout: 10_000,
    connectionTimeout: STALLED,
    routerOptions: {
      caseSensitive: false,
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      maxParamLength: 1024,
    },
    ...(trustProxy && { trustProxy: [...trustProxy] }),
    return503OnClosing: false,
    frameworkErrors: (_error, _request, reply) => void plain(reply, 400, 'bad request'),
  });
  closeInTime(app, closing);
  // Before fastify answers with 431 or 400 and closes the socket, which then has no address.
  app.server.prependListener('clientError', longRequestLines({ emit, clock, limit: MAX_HEADER_SIZE }));
  return app;
}

const tlsOptions = ({ certificate, key }: NonNullable<ListenerOptions['tls']>) => ({
  cert: certificate,
  key,
  minVersion: 'TLSv1.2' as const,
  handshakeTimeout: HANDSHAKE_TIMEOUT,
});

/** Text without charset: every client accepts it, and Windows does not show bodies to its user anyway. */
export const plain = (reply: Pick<FastifyReply, 'code'>, status: number, text: string): FastifyReply =>
  reply.code(status).header('content-type', 'text/plain').send(Buffer.from(text));
