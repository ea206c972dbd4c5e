/** What the checks of access need to know of a request. */
import type { FastifyRequest } from 'fastify';
import type { RequestFacts } from '../access/access-checks.ts';
import { clientAddress } from '../core/address.ts';
import { defined } from '../core/defined.ts';

/** Of a request to the administrator's listener. */
export const factsOf = (request: FastifyRequest): RequestFacts => {
  const { authorization, cookie } = request.headers;
  return { address: clientAddress(request), ...defined({ authorization, cookie }) };
};
