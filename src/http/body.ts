/** Reads request bodies into memory within two limits: for one body, and for all bodies together. */
import type { IncomingMessage } from 'node:http';
import { HttpError } from '../core/errors.ts';

/** Reads bodies and counts their octets. */
export type Bodies = {
  /**
   * Reads a body and calls `work` with it; its octets count until the work ends. Throws HttpError `message_too_large`,
   * `overloaded` or `message_undecodable`, and what `work` throws.
   */
  use<T>(request: IncomingMessage, work: (body: Uint8Array) => Promise<T>): Promise<T>;
};

/** Octets. Messages of real clients are shorter; they are never refused because of longer bodies. */
const SHORT = 64 * 1024;
const kindOf = (length: number): 'short' | 'long' => (length > SHORT ? 'long' : 'short');

/**
 * `longest`: octets of one body. `most`: octets of all long bodies in memory, and as many again of all short ones; a body
 * that exceeds them is refused. So megabytes on a thousand sockets cannot exhaust the memory of the process, and a few
 * long bodies cannot keep devices out.
 */
export function bodies({ longest, most }: { longest: number; most: number }): Bodies {
  const held = { short: 0, long: 0 };

  /** Counts a body that had `before` octets with the `after` octets that it has now. */
  function count(before: number, after: number): void {
    held[kindOf(before)] -= before;
    held[kindOf(after)] += after;
  }

  function admit(before: number, after: number): void {
    bounded(after);
    const kind = kindOf(after);
    const others = held[kind] - (kindOf(before) === kind ? before : 0);
    if (others + after > most) throw new HttpError('overloaded', `${others} octets of ${kind} bodies are in memory`);
    count(before, after);
  }

  function bounded(length: number): void {
    if (length > longest) throw new HttpError('message_too_large', `the body has more than ${longest} octets`);
  }

  return {
    async use(request, work) {
      let own = 0;
      try {
        const announced = Number(request.headers['content-length'] ?? 0);
        bounded(announced);
        // Content-Length costs the sender nothing, so memory for a long body is allocated only as its octets arrive.
        let body: Buffer = Buffer.allocUnsafe(Math.min(announced, SHORT));
        await eachChunk(request, (chunk) => {
          admit(own, own + chunk.length);
          body = roomFor(body, own + chunk.length, longest);
          body.set(chunk, own);
          own += chunk.length;
        });
        return await work(body.subarray(0, own));
      } finally {
        count(own, 0);
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

/** Resolves after the last chunk. Rejects with what `take` throws, and then does not call it again. */
function eachChunk(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cut = (cause?: unknown): void =>
    reject(new HttpError('message_undecodable', 'the connection ended before the body did', { cause }));
  const onData = (chunk: Buffer): void => {
    try {
      take(chunk);
    } catch (error) {
      // The rest is read and dropped, because the response and later requests use the same socket.
      request.off('data', onData).resume();
      reject(error);
    }
  };
  request.on('data', onData).on('end', resolve).on('error', cut);
  request.on('close', () => void (request.readableEnded || cut()));
  // The app of an embedder may have waited before the plugin ran, and the connection may have ended meanwhile.
  if (request.destroyed && !request.readableEnded) cut();
  return promise;
}
