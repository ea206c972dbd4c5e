/** UUIDs (RFC 9562): new random ones, and the test for their form. */
import type { RandomBytes } from '../core/environment.ts';

/** A version 4 UUID (RFC 9562 5.4) in lower case. */
export function guid(random: RandomBytes): string {
  const octets = Buffer.from(random(16));
  octets.writeUInt8((octets.readUInt8(6) & 0x0f) | 0x40, 6);
  octets.writeUInt8((octets.readUInt8(8) & 0x3f) | 0x80, 8);
  return octets.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Whether the text has the form of a UUID, in either letter case. */
export const isGuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
