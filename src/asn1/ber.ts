/**
 * Converts BER to DER for the forms that real clients send (Apple, BouncyCastle, old NSS): indefinite lengths,
 * non-minimal lengths and constructed strings. Used only when strict reading has failed, and within the same limits.
 * Octets that are DER already stay as they are, so signatures over embedded certificates and requests still verify.
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
 * The first element of `input` as DER, and how many octets of `input` it took. Octets after it are not read.
 * Throws DerError when the input is not BER or exceeds the limits.
 */
export function berToDer(input: Uint8Array, limits: Limits = LIMITS): { der: Uint8Array; consumed: number } {
  if (input.length > limits.size) throw new DerError(`${input.length} octets exceed the limit of ${limits.size}`);
  const reader = new BerReader(input, limits.nodes);
  return { der: reader.element(input.length, limits.depth), consumed: reader.at };
}

/** Reads forward over one input. `nodes` is how many elements may still be read. */
class BerReader {
  readonly #input: Uint8Array;
  #nodes: number;
  #at = 0;

  constructor(input: Uint8Array, nodes: number) {
    this.#input = input;
    this.#nodes = nodes;
  }

  get at(): number {
    return this.#at;
  }

  /** The next element as DER. It ends at `end` at the latest, and nests at most `depth` levels. */
  element(end: number, depth: number): Uint8Array {
    if (depth <= 0) throw new DerError(`nested too deeply at offset ${this.#at}`);
    const { tag, length } = this.#header(end);
    if (length !== undefined && length > end - this.#at)
      throw new DerError(`length exceeds the input at offset ${this.#at}`);
    if (!(tag & CONSTRUCTED)) return this.#primitive(tag, length);
    const children =
      length === undefined ? this.#untilEndOfContents(end, depth) : this.#untilOffset(this.#at + length, depth);
    return constructed(tag, children);
  }

  /** `length` is undefined for the indefinite form (X.690 8.1.3.6). */
  #header(end: number): { tag: number; length: number | undefined } {
    if (--this.#nodes < 0) throw new DerError('too many elements');
    const start = this.#at;
    if (start + 2 > end) throw new DerError(`truncated at offset ${start}`);
    const tag = this.#octet();
    if ((tag & 0x1f) === 0x1f) throw new DerError(`high tag number at offset ${start}`);
    const first = this.#octet();
    if (first < 0x80) return { tag, length: first };
    return { tag, length: first === 0x80 ? undefined : this.#longLength(first & 0x7f, end) };
  }

  #longLength(octets: number, end: number): number {
    if (octets > 8 || this.#at + octets > end) throw new DerError(`length out of range at offset ${this.#at}`);
    let length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + this.#octet();
    return length;
  }

  #octet(): number {
    return this.#input[this.#at++]!;
  }

  #primitive(tag: number, length: number | undefined): Uint8Array {
    if (length === undefined) throw new DerError(`indefinite length of a primitive at offset ${this.#at}`);
    return encode(tag, this.#input.subarray(this.#at, (this.#at += length)));
  }

  #untilOffset(end: number, depth: number): Uint8Array[] {
    const children: Uint8Array[] = [];
    while (this.#at < end) children.push(this.element(end, depth - 1));
    return children;
  }

  #untilEndOfContents(end: number, depth: number): Uint8Array[] {
    const children: Uint8Array[] = [];
    while (!this.#isEndOfContents(end)) children.push(this.element(end, depth - 1));
    this.#at += 2;
    return children;
  }

  /** Two zero octets, X.690 8.1.5. */
  #isEndOfContents(end: number): boolean {
    return this.#at + 2 <= end && this.#input[this.#at] === 0 && this.#input[this.#at + 1] === 0;
  }
}

/** A constructed element in DER; a constructed string becomes a primitive one. */
function constructed(tag: number, children: readonly Uint8Array[]): Uint8Array {
  const string = constructedString(tag);
  return string === undefined
    ? encode(tag, ...children)
    : encode(string, ...children.map((child) => chunk(child, string)));
}

/** The content of one chunk of a constructed string, which must be of the same type or an OCTET STRING. */
function chunk(der: Uint8Array, tag: number): Uint8Array {
  if (der[0] !== tag && der[0] !== TAG.octetString) throw new DerError('constructed string of mixed types');
  return der.subarray(headerLength(der));
}

/** How many octets the identifier and the length of a DER element take. `der` has at least two octets. */
export function headerLength(der: Uint8Array): number {
  const length = der[1] ?? 0;
  return length < 0x80 ? 2 : 2 + (length & 0x7f);
}
