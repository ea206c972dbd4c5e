/** Serves revocation lists over plain HTTP (RFC 2585 3) at the URL in the certificates: `/crl/<name>.crl`. */
import type { FastifyInstance } from 'fastify';
import { HTTP_ERRORS } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import { allow } from './allow.ts';

/** The current list of each authority by its name, DER. */
export type RevocationLists = ReadonlyMap<string, ServedList>;

/** `markOf`: the number of a list, which no other list at this URL has, and when it was made. */
export type ServedList = (() => Promise<Uint8Array>) & {
  markOf?: (list: Uint8Array) => { number: number; madeAt: Date } | undefined;
};

/** The path under which the list of an authority is served. */
const crlPath = (name: string): string => `/crl/${name}.crl`;

/** One route for each list. When a list cannot be made the answer is 503, and an event says why. */
export async function crlPlugin(
  app: FastifyInstance,
  { crls, emit }: { crls: RevocationLists; emit: Emit },
): Promise<void> {
  const { status, text } = HTTP_ERRORS.unavailable;
  app.setErrorHandler((err, request, reply) => {
    emit({ event: 'revocation-list-failed', path: request.raw.url, err });
    return reply.code(status).header('content-type', 'text/plain').send(Buffer.from(text));
  });
  for (const [name, crl] of crls) {
    app.get(crlPath(name), async (request, reply) => {
      const list = await crl();
      const mark = crl.markOf?.(list);
      if (mark) {
        const etag = `"${mark.number}"`;
        void reply.header('etag', etag).header('last-modified', mark.madeAt.toUTCString());
        // RFC 9110 13.1.2: a client may name several, and each as a weak one.
        if (request.headers['if-none-match']?.includes(etag))
          return reply.code(304).header('cache-control', 'no-cache').send();
      }
      // A cache may store it but must validate it each time: a revocation takes effect at once.
      return reply.header('content-type', 'application/pkix-crl').header('cache-control', 'no-cache').send(list);
    });
    app.options(crlPath(name), (_request, reply) => allow(reply, 'GET, HEAD, OPTIONS'));
  }
}
