/** Reads request bodies into memory within limits: of size, for one, for all of an address, and for all; and of time. */
import type { IncomingMessage } from 'node:http';
import { HttpError } from '../core/errors.ts';
import { type ComingBody, comingBodies, type ComingLimits } from './coming-bodies.ts';

/** Reads bodies and counts their octets. */
export type Bodies = {
  /**
   * Reads a body and calls `work` with it; its octets count until the work ends. Throws HttpError `message_too_large`,
   * `message_too_slow`, `overloaded` or `message_undecodable`, and what `work` throws. `address` is that of the client.
   */
  use<T>(request: IncomingMessage, work: (body: Uint8Array) => Promise<T>, address?: string): Promise<T>;
};

/** How slowly a body may come: `octets` in every `ms` milliseconds, and the whole of it in `times` of these. */
export type Pace = { ms: number; octets: number; times: number };

/** 512 octets per second from the first five seconds on, and 30 seconds in all. A modem of 1998 is faster. */
const PACE: Pace = { ms: 5_000, octets: 2_560, times: 6 };

/** So many devices that send at the same moment are more than one server answers in time. */
const COMING: ComingLimits = { most: 1_024, young: 1_000 };

/** `pace` and `coming`: those of the constants when absent. The others are octets. */
type BodyLimits = { longest: number; most: number; share?: number; pace?: Pace; coming?: ComingLimits };

/** Octets. Messages of real clients are shorter; they are never refused because of longer bodies. */
const SHORT = 64 * 1024;
const kindOf = (length: number): 'short' | 'long' => (length > SHORT ? 'long' : 'short');

/**
 * `longest`: octets of one body. `most`: octets of all long bodies in memory, and as many again of all short ones; a body
 * that exceeds them is refused. So megabytes on a thousand sockets cannot exhaust the memory of the process, and a few
 * long bodies cannot keep devices out. `share`: octets of all bodies of one address, of either kind, so that one client
 * leaves room for others. `coming`: how many may be on their way; beyond these, and where the memory is full, the one that
 * has taken longest is closed with `message_too_slow`.
 */
export function bodies({ longest, most, share = most * 2, pace = PACE, coming: limits = COMING }: BodyLimits): Bodies {
  const coming = comingBodies(limits);
  const held = { short: 0, long: 0 };
  const ofAddress = new Map<string, number>();

  /** Counts a body that had `before` octets with the `after` octets that it has now. */
  function count(before: number, after: number, address: string): void {
    held[kindOf(before)] -= before;
    held[kindOf(after)] += after;
    const own = (ofAddress.get(address) ?? 0) + after - before;
    if (own > 0) ofAddress.set(address, own);
    else ofAddress.delete(address);
  }

  /** Throws HttpError when `body` cannot grow to `after` octets. */
  function admit(body: ComingBody, after: number, address: string): void {
    bounded(after);
    const before = body.octets();
    const kind = kindOf(after);
    const others = (): number => held[kind] - (kindOf(before) === kind ? before : 0);
    const isSame = (octets: number): boolean => octets > 0 && kindOf(octets) === kind;
    while (others() + after > most)
      if (!coming.closeSlowest(isSame, body))
        throw new HttpError('overloaded', `${others()} octets of ${kind} bodies are in memory`);
    const own = (ofAddress.get(address) ?? 0) - before;
    if (own + after > share) throw new HttpError('overloaded', `${own} octets of bodies of one address are in memory`);
    count(before, after, address);
  }

  function bounded(length: number): void {
    if (length > longest) throw new HttpError('message_too_large', `the body has more than ${longest} octets`);
  }

  /** Counts a body as coming: it may be closed now, and gives its octets back at once. */
  function enter(body: ComingBody, { stop }: Chunks, giveBack: () => void): void {
    body.close = (error) => {
      giveBack();
      stop(error);
    };
    try {
      coming.enter(body);
    } catch (error) {
      stop(error);
    }
  }

  return {
    async use(request, work, address = '') {
      let own = 0;
      const giveBack = (): void => {
        count(own, 0, address);
        own = 0;
      };
      const body = { octets: () => own, close: (_error: HttpError): void => {} };
      try {
        const announced = Number(request.headers['content-length'] ?? 0);
        bounded(announced);
        // Content-Length costs the sender nothing, so memory for a long body is allocated only as its octets arrive.
        let octets: Buffer = Buffer.allocUnsafe(Math.min(announced, SHORT));
        const all = eachChunk(request, pace, (chunk) => {
          admit(body, own + chunk.length, address);
          octets = roomFor(octets, own + chunk.length, longest);
          octets.set(chunk, own);
          own += chunk.length;
        });
        if (!request.complete) enter(body, all, giveBack);
        await all.ended;
        coming.leave(body);
        return await work(octets.subarray(0, own));
      } finally {
        coming.leave(body);
        giveBack();
      }
    },
  };
}

/** The buffer, or a copy of at least twice its size. Chunks are copied: a kept Buffer of one octet costs hundreds. */
function roomFor(body: Buffer, length: number, longest: number): Buffer {
  if (length <= body.length) return body;
  const larger = Buffer.allocUnsafe(Math.min(longest, Math.max(length, 2 * body.length)));
  larger.set(body);
  return larger;
}

/** The chunks of a body. `stop` ends them with an error, and the rest is dropped. */
type Chunks = { ended: Promise<void>; stop: (error: unknown) => void };

/**
 * `ended` resolves after the last chunk. It rejects with what `take` throws, or when the chunks are too slow, and then does
 * not call it again.
 */
function eachChunk(request: IncomingMessage, pace: Pace, take: (chunk: Buffer) => void): Chunks {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = (error: unknown): void => {
    // The rest is read and dropped, because the response and later requests use the same socket.
    request.off('data', onData).resume();
    reject(error);
  };
  const cut = (cause?: unknown): void =>
    reject(new HttpError('message_undecodable', 'the connection ended before the body did', { cause }));
  const onData = (chunk: Buffer): void => {
    received += chunk.length;
    try {
      take(chunk);
    } catch (error) {
      stop(error);
    }
  };
  let received = 0;
  let times = 0;
  const measure = (): void => {
    if (++times >= pace.times || received < times * pace.octets)
      stop(new HttpError('message_too_slow', `${received} octets of the body in ${times * pace.ms} ms`));
  };
  // Most bodies have come with the header, and need no timer.
  const slow = request.complete ? undefined : setInterval(measure, pace.ms);
  request.on('data', onData).on('end', resolve).on('error', cut);
  request.on('close', () => void (request.readableEnded || cut()));
  // The app of an embedder may have waited before the plugin ran, and the connection may have ended meanwhile.
  if (request.destroyed && !request.readableEnded) cut();
  return { ended: promise.finally(() => clearInterval(slow)), stop };
}
