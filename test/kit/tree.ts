/** DER as a tree that can be changed, and written again as DER or as any BER. */
import { DerReader } from '../../src/asn1/reader.ts';

/**
 * How an element is written: without length, with a longer length field than needed, a string in chunks of so many
 * octets, with a length that is wrong by `lie`.
 */
export type Form = { indefinite?: boolean; zeros?: number; chunk?: number; lie?: number };

/** One element. A constructed one has children, every other one has content. */
export type Node = { tag: number; form?: Form } & ({ children: Node[] } | { content: Uint8Array });

const CONSTRUCTED = 0x20;
const OCTET_STRING = 0x04;

/** The elements of DER, one after the other. Throws DerError when it is none. */
export const nodesOf = (der: Uint8Array): Node[] => readAll(DerReader.over(der));

const readAll = (reader: DerReader): Node[] => reader.each(Number.POSITIVE_INFINITY, readOne);

function readOne(reader: DerReader): Node {
  const { tag } = reader;
  return tag & CONSTRUCTED ? { tag, children: readAll(reader.enter(tag)) } : { tag, content: reader.read(tag) };
}

/** Every element of a tree, parents before their children. */
export const flat = (node: Node): Node[] => ('children' in node ? [node, ...node.children.flatMap(flat)] : [node]);

/** The octets of a tree. */
export function octetsOf(node: Node): Buffer {
  const { tag, form = {} } = node;
  if ('children' in node) return element(tag, form, Buffer.concat(node.children.map(octetsOf)));
  const { content } = node;
  if (!form.chunk || tag !== OCTET_STRING) return element(tag, { ...form, indefinite: false }, content);
  return element(tag | CONSTRUCTED, form, Buffer.concat(chunks(content, form.chunk)));
}

function chunks(content: Uint8Array, size: number): Buffer[] {
  const count = Math.ceil(content.length / size);
  return Array.from({ length: count }, (_, i) => element(OCTET_STRING, {}, content.subarray(i * size, (i + 1) * size)));
}

/** One element with identifier and length as the form says. */
export function element(tag: number, { indefinite, zeros = 0, lie = 0 }: Form, content: Uint8Array): Buffer {
  if (indefinite) return Buffer.concat([Buffer.of(tag, 0x80), content, Buffer.of(0, 0)]);
  return Buffer.concat([Buffer.of(tag), lengthOctets(Math.max(0, content.length + lie), zeros), content]);
}

function lengthOctets(length: number, zeros: number): Buffer {
  if (length < 0x80 && zeros === 0) return Buffer.of(length);
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(length);
  const magnitude = octets.subarray(octets.findIndex((octet) => octet !== 0) % 4);
  const field = Buffer.concat([Buffer.alloc(zeros), length === 0 ? Buffer.of(0) : magnitude]);
  return Buffer.concat([Buffer.of(0x80 | field.length), field]);
}
