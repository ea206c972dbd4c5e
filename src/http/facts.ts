/** What events say of an HTTP request. */
import type { FastifyRequest } from 'fastify';
import { clientAddress } from '../core/address.ts';
import type { HttpFacts } from '../core/events.ts';

/** The path of a request, also of one with an absolute target as proxies send it; without the query. */
export function pathOf(request: FastifyRequest): string {
  const { url = '' } = request.raw;
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  return path.startsWith('/') ? path : path.replace(/^https?:\/\/[^/]*/i, '');
}

/** Who sent it and how. */
export const httpFacts = (request: FastifyRequest): HttpFacts => ({
  method: request.method,
  ip: clientAddress(request),
  userAgent: request.headers['user-agent']?.slice(0, 200),
});
