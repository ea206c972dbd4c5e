/** Writes ASN.1 octet by octet: DER, or BER with indefinite lengths as streaming clients send it. */

/** A part is octets, or hexadecimal. */
export type Part = Uint8Array | string;
const joined = (parts: readonly Part[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)));

/** One element with the shortest length form. */
export function tlv(tag: number, ...parts: readonly Part[]): Buffer {
  const content = joined(parts);
  const { length } = content;
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...header), content]);
}

/** One constructed element of indefinite length: X.690 8.1.3.6. */
export const endless = (tag: number, ...parts: readonly Part[]): Buffer =>
  Buffer.concat([Buffer.of(tag, 0x80), joined(parts), Buffer.of(0, 0)]);

/** How a client writes the parts that are not signed: constructed elements and OCTET STRINGs. */
export type Writer = { of: typeof tlv; octets: (content: Uint8Array) => Buffer };

export const DER: Writer = { of: tlv, octets: (content) => tlv(0x04, content) };

/** Indefinite lengths, and strings in pieces of so many octets. */
export const berOf = (size: number): Writer => ({
  of: endless,
  octets: (content) => endless(0x24, ...pieces(content, size)),
});

/** The content as OCTET STRINGs of `size` octets. */
export const pieces = (content: Uint8Array, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(content.length / size) }, (_, i) =>
    tlv(0x04, content.subarray(i * size, (i + 1) * size)),
  );

export const seq = (...parts: readonly Part[]): Buffer => tlv(0x30, ...parts);
export const set = (...parts: readonly Part[]): Buffer => tlv(0x31, ...parts);
export const NULL = Buffer.of(5, 0);

/** An OBJECT IDENTIFIER in dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

export const printable = (text: string): Buffer => tlv(0x13, Buffer.from(text, 'latin1'));
export const utf8 = (text: string): Buffer => tlv(0x0c, Buffer.from(text, 'utf8'));
export const ia5 = (text: string): Buffer => tlv(0x16, Buffer.from(text, 'latin1'));
export const bmp = (text: string): Buffer => tlv(0x1e, Buffer.from(text, 'utf16le').swap16());
export const utcTime = (text: string): Buffer => tlv(0x17, Buffer.from(text, 'latin1'));

/** Attribute: one type, its values. */
export const attribute = (type: string, ...values: readonly Part[]): Buffer => seq(oid(type), set(...values));

/** A Name of single-valued RDNs: type and value. */
export const name = (...rdns: readonly (readonly [string, Buffer])[]): Buffer =>
  seq(...rdns.map(([type, value]) => set(seq(oid(type), value))));
export const CN = '2.5.4.3';
