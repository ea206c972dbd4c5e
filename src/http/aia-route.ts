/** Serves CA certificates over plain HTTP (RFC 5280 4.2.2.1) at the URL in what they signed: `/aia/<name>.cer`. */
import type { FastifyInstance } from 'fastify';
import { allow } from './allow.ts';

/** CA certificates, DER, each by the name of its revocation list. */
export type ServedCertificates = ReadonlyMap<string, Uint8Array>;

/** One route for each certificate, with the media type of RFC 2585 4.1. */
export async function aiaPlugin(
  app: FastifyInstance,
  { certificates }: { certificates: ServedCertificates },
): Promise<void> {
  for (const [name, der] of certificates) {
    const path = `/aia/${name}.cer`;
    const octets = Buffer.from(der);
    app.get(path, (_request, reply) =>
      // A CA certificate that is renewed with the same key takes the name of the one before.
      reply.header('content-type', 'application/pkix-cert').header('cache-control', 'no-cache').send(octets),
    );
    app.options(path, (_request, reply) => allow(reply, 'GET, HEAD, OPTIONS'));
  }
}
