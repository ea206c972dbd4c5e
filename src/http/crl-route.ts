/** Serves revocation lists over plain HTTP (RFC 2585 3), where certificates say that they are: `/crl/<name>.crl`. */
import type { FastifyInstance } from 'fastify';
import { HTTP_ERRORS } from '../core/errors.ts';
import type { Logger } from '../core/environment.ts';

/** The present list of each authority by its name, DER. */
export type RevocationLists = ReadonlyMap<string, () => Promise<Uint8Array>>;

/** The path under which the list of an authority is served. */
export const crlPath = (name: string): string => `/crl/${name}.crl`;

/** One route for each list. Where one cannot be made the answer is 503, and the log says why. */
export async function crlPlugin(
  app: FastifyInstance,
  { crls, logger }: { crls: RevocationLists; logger: Logger },
): Promise<void> {
  const { status, text } = HTTP_ERRORS.unavailable;
  app.setErrorHandler((err, request, reply) => {
    logger.error({ path: request.raw.url, err }, 'a revocation list could not be made');
    return reply.code(status).header('content-type', 'text/plain').send(Buffer.from(text));
  });
  for (const [name, crl] of crls)
    app.get(crlPath(name), async (_request, reply) => {
      const list = await crl();
      // A cache may keep it, but asks again: revocation counts from the moment that it happens.
      return reply.header('content-type', 'application/pkix-crl').header('cache-control', 'no-cache').send(list);
    });
}
