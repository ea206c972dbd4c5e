/** CRC-32C (Castagnoli), by which Google's services compare octets on their way (RFC 3720 B.4). */

const TABLE = Uint32Array.from({ length: 256 }, (_, octet) => {
  let value = octet;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

/** A number of 32 bits. */
export function crc32c(octets: Uint8Array): number {
  let value = 0xffffffff;
  for (const octet of octets) value = (TABLE[(value ^ octet) & 0xff] ?? 0) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
