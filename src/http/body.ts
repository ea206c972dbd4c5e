/** Takes bodies of requests into memory within two bounds: that of one message, and that of all of them together. */
import type { IncomingMessage } from 'node:http';
import { HttpError } from '../core/errors.ts';

export type Bodies = {
  /**
   * Reads a body and works on it; its octets count until the work ends. Throws HttpError `message_too_large`,
   * `overloaded` or `message_undecodable`, and what `work` throws.
   */
  use<T>(request: IncomingMessage, work: (body: Uint8Array) => Promise<T>): Promise<T>;
};

/** Messages of real clients are shorter than this; they are never turned away for what long ones take. */
const SHORT = 64 * 1024;

/**
 * `longest`: octets of one body. `most`: octets of all bodies in memory, beyond which a long one is turned away, so that
 * megabytes on a thousand sockets take neither the memory of the process nor the place of the devices.
 */
export function bodies({ longest, most }: { longest: number; most: number }): Bodies {
  let held = 0;

  function admit(length: number, own: number): void {
    if (own > longest) throw new HttpError('message_too_large', `the body has more than ${longest} octets`);
    if (own > SHORT && held + length > most)
      throw new HttpError('overloaded', `${held} octets of bodies are in memory`);
    held += length;
  }

  return {
    async use(request, work) {
      const chunks: Buffer[] = [];
      let own = 0;
      try {
        admit(0, Number(request.headers['content-length'] ?? 0));
        for await (const chunk of chunksOf(request)) {
          admit(chunk.length, own + chunk.length);
          own += chunk.length;
          chunks.push(chunk);
        }
        return await work(Buffer.concat(chunks, own));
      } finally {
        held -= own;
      }
    },
  };
}

async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer, void> {
  try {
    // Not destroyed when the reader stops early: the answer goes out on the same socket.
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new HttpError('message_undecodable', 'the connection ended before the body did', { cause });
  }
}
