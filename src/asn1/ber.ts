/**
 * Converts BER to DER for the forms that real clients send (Apple, BouncyCastle, old NSS): indefinite lengths,
 * non-minimal lengths and constructed strings. Used only when strict reading has failed, and within the same limits.
 * Octets that are DER already stay as they are, so signatures over embedded certificates and requests still verify.
 */
import { DerError, LIMITS, type Limits } from './limits.ts';
import { isString } from './strings.ts';
import { TAG } from './tags.ts';
import { headerSize, writeHeader } from './writer.ts';

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
  const root = reader.element(input.length, limits.depth);
  const der = Buffer.allocUnsafe(sizeOf(root));
  write(root, der, 0);
  return { der, consumed: reader.at };
}

/**
 * One element in DER, not joined yet: `length` octets of content, in `parts` that are views of the input or elements.
 * Every octet of the input is copied once, however deep it nests.
 */
type Node = { tag: number; length: number; parts: readonly (Uint8Array | Node)[] };

const sizeOf = (part: Uint8Array | Node): number =>
  part instanceof Uint8Array ? part.length : headerSize(part.length) + part.length;

/** Writes the part to `at`, and returns where it ends. */
function write(part: Uint8Array | Node, der: Uint8Array, at: number): number {
  if (!(part instanceof Uint8Array))
    return part.parts.reduce<number>((end, each) => write(each, der, end), writeHeader(der, at, part.tag, part.length));
  der.set(part, at);
  return at + part.length;
}

/** Levels of constructed strings. BouncyCastle and Apple write one, and one in another where a proxy splits the octets. */
const MOST_STRINGS = 3;

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

  /**
   * The next element. It ends at `end` at the latest, and nests at most `depth` levels, `strings` of them strings.
   */
  element(end: number, depth: number, strings = MOST_STRINGS): Node {
    if (depth <= 0) throw new DerError(`nested too deeply at offset ${this.#at}`);
    const { tag, length } = this.#header(end);
    if (length !== undefined && length > end - this.#at)
      throw new DerError(`length exceeds the input at offset ${this.#at}`);
    if (!(tag & CONSTRUCTED)) return this.#primitive(tag, length);
    const string = constructedString(tag);
    const left = string === undefined ? MOST_STRINGS : strings - 1;
    if (left < 0) throw new DerError(`more than ${MOST_STRINGS} levels of strings at offset ${this.#at}`);
    const inside = { depth: depth - 1, strings: left };
    const children =
      length === undefined ? this.#untilEndOfContents(end, inside) : this.#untilOffset(this.#at + length, inside);
    return string === undefined ? element(tag, children) : joined(string, children);
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

  #primitive(tag: number, length: number | undefined): Node {
    if (length === undefined) throw new DerError(`indefinite length of a primitive at offset ${this.#at}`);
    return { tag, length, parts: [this.#input.subarray(this.#at, (this.#at += length))] };
  }

  #untilOffset(end: number, { depth, strings }: Inside): Node[] {
    const children: Node[] = [];
    while (this.#at < end) children.push(this.element(end, depth, strings));
    return children;
  }

  #untilEndOfContents(end: number, { depth, strings }: Inside): Node[] {
    const children: Node[] = [];
    while (!this.#isEndOfContents(end)) children.push(this.element(end, depth, strings));
    this.#at += 2;
    return children;
  }

  /** Two zero octets, X.690 8.1.5. */
  #isEndOfContents(end: number): boolean {
    return this.#at + 2 <= end && this.#input[this.#at] === 0 && this.#input[this.#at + 1] === 0;
  }
}

/** How many levels there may still be inside an element, and how many of them may be constructed strings. */
type Inside = { depth: number; strings: number };

const element = (tag: number, children: readonly Node[]): Node => ({
  tag,
  length: children.reduce((sum, child) => sum + sizeOf(child), 0),
  parts: children,
});

/** A constructed string becomes a primitive one: the contents of its chunks, each of the same type or an OCTET STRING. */
function joined(tag: number, chunks: readonly Node[]): Node {
  if (chunks.some((chunk) => chunk.tag !== tag && chunk.tag !== TAG.octetString))
    throw new DerError('constructed string of mixed types');
  return {
    tag,
    length: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    parts: chunks.flatMap(({ parts }) => parts),
  };
}

/** How many octets the identifier and the length of a DER element take. `der` has at least two octets. */
export function headerLength(der: Uint8Array): number {
  const length = der[1] ?? 0;
  return length < 0x80 ? 2 : 2 + (length & 0x7f);
}
