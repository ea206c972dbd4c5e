/** Events for requests that no endpoint gets: a wrong path, and a request line that is too long. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { clientAddress } from '../core/address.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { httpFacts, pathOf } from './facts.ts';
import { canonicalPath } from './paths.ts';
import { perMinute } from './per-minute.ts';
import { queryValue } from './query.ts';

/** `paths`: those of the endpoints. */
export type WrongPathOptions = { emit: Emit; clock: Clock; paths: readonly string[] };

/** For requests that no route answers. At most ten lines a minute each for requests with an operation and for others. */
export function wrongPaths({ emit, clock, paths }: WrongPathOptions): (request: FastifyRequest) => void {
  // Scanners ask for many paths. Their lines must not displace those of SCEP clients.
  const clients = perMinute(clock);
  const others = perMinute(clock);
  return (request) => {
    const operation = queryValue(request.raw.url ?? '', 'operation')?.slice(0, 40);
    const line = operation === undefined ? others : clients;
    line((skipped) => {
      const path = pathOf(request).slice(0, 200);
      const nearest = nearestPath(path, paths);
      emit({
        event: 'path-unknown',
        ...httpFacts(request),
        path,
        ...(operation !== undefined && { operation }),
        ...(nearest !== undefined && { nearest }),
        ...skipped,
      });
    });
  };
}

/** `limit`: octets of request line and headers. */
export type LongLineOptions = { emit: Emit; clock: Clock; limit: number };

/** For the event `clientError` of a server. At most ten lines a minute for request lines that are too long. */
export function longRequestLines({ emit, clock, limit }: LongLineOptions): (error: ParseError, socket: Duplex) => void {
  const long = perMinute(clock);
  return (error, socket) => {
    if (error.code !== 'HPE_HEADER_OVERFLOW') return;
    const { remoteAddress } = socket as Duplex & Pick<IncomingMessage['socket'], 'remoteAddress'>;
    long((skipped) =>
      emit({
        event: 'request-line-too-long',
        ip: clientAddress({ ip: undefined, socket: { remoteAddress } }),
        limit,
        ...skipped,
      }),
    );
  };
}

type ParseError = Error & { code?: string };

/** The endpoint that shares the most parts with the path; undefined without endpoints. */
function nearestPath(path: string, paths: readonly string[]): string | undefined {
  const parts = new Set(canonicalPath(path).split('/'));
  const shared = (each: string): number =>
    each
      .toLowerCase()
      .split('/')
      .filter((part) => parts.has(part)).length;
  return paths.toSorted((a, b) => shared(b) - shared(a))[0];
}
