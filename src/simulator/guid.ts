/** UUIDs (RFC 9562): random ones from the given randomness, and the test for one. */
import type { RandomBytes } from '../core/environment.ts';

/** A version 4 UUID in lower case. */
export function guid(random: RandomBytes): string {
  const octets = Buffer.from(random(16));
  octets[6] = (octets[6]! & 0x0f) | 0x40;
  octets[8] = (octets[8]! & 0x3f) | 0x80;
  return octets.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Whether the text has the form of a UUID, in either letter case. */
export const isGuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
