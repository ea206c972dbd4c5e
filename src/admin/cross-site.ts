/** Recognizes requests that a browser sends for a page of another site, with the credentials that it remembers. */
import type { FastifyRequest } from 'fastify';

/**
 * By Sec-Fetch-Site (Fetch Metadata Request Headers 2.3). Browsers send it to `https` and to loopback only; elsewhere Origin
 * (RFC 6454 7) is compared with the host. Programs send neither.
 */
export function isCrossSite({ headers, host }: Pick<FastifyRequest, 'headers' | 'host'>): boolean {
  const { origin, 'sec-fetch-site': site } = headers;
  if (site !== undefined) return site !== 'none' && site !== 'same-origin';
  return origin !== undefined && URL.parse(origin)?.host !== host.toLowerCase();
}
