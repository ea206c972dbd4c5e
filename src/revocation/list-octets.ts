/** Many octets handled in parts, so that no part keeps other work waiting for more than a few milliseconds. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Octets that are hashed or copied before other work gets its turn. */
const AT_ONCE = 128 * 1024;

/** The parts, none longer than AT_ONCE, with a turn of the event loop after as many octets. */
export async function* inTurns(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  let done = 0;
  for (const part of parts)
    for (let at = 0; at < part.length; at += AT_ONCE) {
      const octets = part.subarray(at, at + AT_ONCE);
      if (done + octets.length > AT_ONCE) {
        await nextTurn();
        done = 0;
      }
      done += octets.length;
      yield octets;
    }
}

/** All of them in one. */
export async function joined(parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const all = Buffer.allocUnsafeSlow(lengthOf(parts));
  let at = 0;
  for await (const octets of inTurns(parts)) {
    all.set(octets, at);
    at += octets.length;
  }
  return all;
}

/** Octets of all of them. */
export function lengthOf(parts: readonly Uint8Array[]): number {
  let length = 0;
  for (const part of parts) length += part.length;
  return length;
}
