/**
 * BER to DER for the forms that real clients send (Apple, BouncyCastle, old NSS): indefinite lengths, non-minimal
 * lengths and constructed strings. Used only when strict reading has met BER, and bounded like it. What is DER already
 * comes out octet for octet, so that signatures over embedded certificates and requests keep verifying.
 */
import { DerError, LIMITS, type Limits } from './limits.ts';
import { isString } from './strings.ts';
import { TAG } from './tags.ts';
import { encode } from './writer.ts';

const CONSTRUCTED = 0x20;

/** The tag of the string type of which this is the constructed form (X.690 8.7.3), or undefined. */
function constructedString(tag: number): number | undefined {
  const primitive = tag & ~CONSTRUCTED;
  return tag & CONSTRUCTED && (primitive === TAG.octetString || isString(primitive)) ? primitive : undefined;
}

/**
 * The first element of `input` as DER, and the number of octets it took; what follows is not looked at.
 * Throws DerError when the input is not BER or exceeds the limits.
 */
export function berToDer(input: Uint8Array, limits: Limits = LIMITS): { der: Uint8Array; consumed: number } {
  if (input.length > limits.size) throw new DerError(`${input.length} octets exceed the limit of ${limits.size}`);
  let at = 0;
  let nodes = limits.nodes;

  function header(end: number): { tag: number; length: number | undefined } {
    if (--nodes < 0) throw new DerError('too many elements');
    if (at + 2 > end) throw new DerError(`truncated at offset ${at}`);
    const tag = input[at]!;
    const first = input[at + 1]!;
    if ((tag & 0x1f) === 0x1f) throw new DerError(`high tag number at offset ${at}`);
    at += 2;
    if (first < 0x80) return { tag, length: first };
    if (first === 0x80) return { tag, length: undefined };
    return { tag, length: longLength(first & 0x7f, end) };
  }

  function longLength(octets: number, end: number): number {
    if (octets > 8 || at + octets > end) throw new DerError(`length out of range at offset ${at}`);
    let length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + input[at++]!;
    if (length > end - at) throw new DerError(`length exceeds the input at offset ${at}`);
    return length;
  }

  function element(end: number, depth: number): Uint8Array {
    if (depth <= 0) throw new DerError(`nested too deeply at offset ${at}`);
    const { tag, length } = header(end);
    if (length !== undefined && length > end - at) throw new DerError(`length exceeds the input at offset ${at}`);
    if (!(tag & CONSTRUCTED)) return primitive(tag, length);
    const children = length === undefined ? untilEndOfContents(end, depth) : untilOffset(at + length, depth);
    const string = constructedString(tag);
    return string === undefined
      ? encode(tag, ...children)
      : encode(string, ...children.map((child) => chunk(child, string)));
  }

  function primitive(tag: number, length: number | undefined): Uint8Array {
    if (length === undefined) throw new DerError(`indefinite length of a primitive at offset ${at}`);
    return encode(tag, input.subarray(at, (at += length)));
  }

  function untilOffset(end: number, depth: number): Uint8Array[] {
    const children: Uint8Array[] = [];
    while (at < end) children.push(element(end, depth - 1));
    return children;
  }

  function untilEndOfContents(end: number, depth: number): Uint8Array[] {
    const children: Uint8Array[] = [];
    while (!(input[at] === 0 && input[at + 1] === 0 && at + 2 <= end)) children.push(element(end, depth - 1));
    at += 2;
    return children;
  }

  const der = element(input.length, limits.depth);
  return { der, consumed: at };
}

/** The content of one chunk of a constructed string, which must be of the same type or an OCTET STRING. */
function chunk(der: Uint8Array, tag: number): Uint8Array {
  if (der[0] !== tag && der[0] !== TAG.octetString) throw new DerError('constructed string of mixed types');
  return der.subarray(headerLength(der));
}

/** How many octets identifier and length of a DER element take. */
export const headerLength = (der: Uint8Array): number => (der[1]! < 0x80 ? 2 : 2 + (der[1]! & 0x7f));
