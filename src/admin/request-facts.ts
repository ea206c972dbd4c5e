/** What the checks of access need to know of a request. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { RequestFacts } from '../access/access-checks.ts';
import { clientAddress } from '../core/address.ts';
import { defined } from '../core/defined.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';

/** Of a request to the administrator's listener. */
export const factsOf = (request: FastifyRequest): RequestFacts => {
  const { authorization, cookie } = request.headers;
  const certificate = subjectOf(request.raw.socket);
  return { address: clientAddress(request), ...defined({ authorization, cookie, certificate }) };
};

/** Of the certificate that the client has proved, if a CA of `clientCa` issued it and it is valid now. */
function subjectOf(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { raw } = socket.getPeerCertificate();
  return raw.length > 0 ? nameText(readCertificate(raw).subject) : undefined;
}
