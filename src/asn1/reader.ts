/**
 * A forward-only reader of strict DER (X.690 10 and 11) over one buffer. It copies nothing: every value is a view, so
 * signatures are verified over the received bytes. The caller names the structure that it expects, so the caller's
 * grammar limits the depth. A reader counts elements together with the readers entered from it; `over` starts a new
 * count.
 */
import { DerError, LIMITS, type Limits } from './limits.ts';
import { oidText } from './oid.ts';
import { stringText } from './strings.ts';
import { TAG } from './tags.ts';
import { readTime } from './time.ts';

/** One element: `der` with identifier and length, `content` without. Both are views into the input. */
export type Element = { tag: number; der: Uint8Array; content: Uint8Array };

/** One buffer, and how many elements may still be read in it. */
type Input = { readonly bytes: Uint8Array; nodes: number };

/** The elements of one level. Each method that reads throws DerError for another tag, BER or truncated input. */
export class DerReader {
  readonly #input: Input;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #depth: number;
  #at: number;

  private constructor(input: Input, at: number, end: number, depth: number) {
    this.#input = input;
    this.#bytes = input.bytes;
    this.#at = at;
    this.#end = end;
    this.#depth = depth;
  }

  /** A reader over `bytes`, with a new count of elements. Throws DerError when they exceed `limits.size`. */
  static over(bytes: Uint8Array, limits: Limits = LIMITS): DerReader {
    if (bytes.length > limits.size) throw new DerError(`${bytes.length} octets exceed the limit of ${limits.size}`);
    return new DerReader({ bytes, nodes: limits.nodes }, 0, bytes.length, limits.depth);
  }

  /** Whether all octets of this level have been read. */
  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** The identifier octet of the next element, or -1 at the end. */
  get tag(): number {
    return this.#at < this.#end ? octetAt(this.#bytes, this.#at) : -1;
  }

  /** Ends a level. Throws DerError when octets are left, because octets that were not read were not checked. */
  end(): void {
    if (!this.done) throw new DerError(`${this.#end - this.#at} octets left at offset ${this.#at}`);
  }

  /** Reads the next element, of any tag. */
  element(): Element {
    const start = this.#at;
    const content = this.#header();
    const end = this.#at;
    return {
      tag: octetAt(this.#bytes, start),
      der: this.#bytes.subarray(start, end),
      content: this.#bytes.subarray(content, end),
    };
  }

  /** Reads the next element, which must carry this tag, and returns its content. */
  read(tag: number): Uint8Array {
    this.#expect(tag);
    const content = this.#header();
    return this.#bytes.subarray(content, this.#at);
  }

  /** As `read`, but returns the whole element, identifier and length included. */
  raw(tag: number): Uint8Array {
    this.#expect(tag);
    const start = this.#at;
    this.#header();
    return this.#bytes.subarray(start, this.#at);
  }

  /** Enters the next element, which must be constructed and carry this tag. */
  enter(tag: number): DerReader {
    this.#expect(tag);
    if (this.#depth <= 1) throw new DerError(`nested too deeply at offset ${this.#at}`);
    const content = this.#header();
    return new DerReader(this.#input, content, this.#at, this.#depth - 1);
  }

  /** Enters the next element if it carries this tag. Otherwise reads nothing and returns undefined. */
  enterIf(tag: number): DerReader | undefined {
    return this.tag === tag ? this.enter(tag) : undefined;
  }

  /** Enters a SEQUENCE or SEQUENCE OF. */
  sequence(): DerReader {
    return this.enter(TAG.sequence);
  }

  /** Enters a SET or SET OF. The order of its elements is not checked: clients send unsorted sets. */
  set(): DerReader {
    return this.enter(TAG.set);
  }

  /** Calls `read` until this level is done. Throws DerError beyond `most` elements. */
  each<T>(most: number, read: (reader: this) => T): T[] {
    const values: T[] = [];
    while (!this.done) {
      if (values.length >= most) throw new DerError(`more than ${most} elements at offset ${this.#at}`);
      values.push(read(this));
    }
    return values;
  }

  /** An OBJECT IDENTIFIER in dotted form. */
  oid(): string {
    return oidText(this.read(TAG.oid));
  }

  /** The content octets of an INTEGER, minimally encoded, two's complement. */
  integer(): Uint8Array {
    const content = this.read(TAG.integer);
    const [first, second] = content;
    if (first === undefined) throw new DerError('empty INTEGER');
    if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
      throw new DerError('INTEGER not minimally encoded');
    return content;
  }

  /** A non-negative INTEGER of at most 31 bits, such as a version. */
  smallInteger(): number {
    const content = this.integer();
    if (content.length > 4 || (content[0] ?? 0) >= 0x80) throw new DerError('INTEGER out of range');
    return content.reduce((value, octet) => value * 256 + octet, 0);
  }

  /** A BOOLEAN, of which DER has only 0x00 and 0xff (X.690 11.1). */
  boolean(): boolean {
    const content = this.read(TAG.boolean);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DerError('BOOLEAN not DER');
    return content[0] === 0xff;
  }

  /** The content octets of an OCTET STRING. */
  octetString(): Uint8Array {
    return this.read(TAG.octetString);
  }

  /** A BIT STRING of whole octets, as keys and signatures are. */
  bitString(): Uint8Array {
    const content = this.read(TAG.bitString);
    if (content[0] !== 0) throw new DerError('BIT STRING with unused bits');
    return content.subarray(1);
  }

  /** Any character string type, as text. */
  string(): string {
    const { tag, content } = this.element();
    return stringText(tag, content);
  }

  /** UTCTime or GeneralizedTime. */
  time(): Date {
    const { tag, content } = this.element();
    return readTime(tag, content);
  }

  #expect(tag: number): void {
    if (this.tag !== tag)
      throw new DerError(
        `expected tag ${hex(tag)} at offset ${this.#at}, found ${this.tag < 0 ? 'the end' : hex(this.tag)}`,
      );
  }

  /** Moves behind the next element and returns the offset of its content. */
  #header(): number {
    const bytes = this.#bytes;
    const start = this.#at;
    if (--this.#input.nodes < 0) throw new DerError('too many elements');
    if (start + 2 > this.#end) throw new DerError(`truncated at offset ${start}`);
    if ((octetAt(bytes, start) & 0x1f) === 0x1f) throw new DerError(`high tag number at offset ${start}`);
    let length = octetAt(bytes, start + 1);
    let content = start + 2;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets === 0) throw new DerError(`indefinite length at offset ${start}`);
      if (octets > 4 || content + octets > this.#end) throw new DerError(`length out of range at offset ${start}`);
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + octetAt(bytes, content++);
      if (length < 0x80 || octetAt(bytes, start + 2) === 0) throw new DerError(`length not minimal at offset ${start}`);
    }
    if (length > this.#end - content) throw new DerError(`length exceeds the input at offset ${start}`);
    this.#at = content + length;
    return content;
  }
}

/** An octet inside the input; the caller has checked the index. */
const octetAt = (bytes: Uint8Array, index: number): number => bytes[index]!;

const hex = (tag: number): string => `0x${tag.toString(16).padStart(2, '0')}`;
