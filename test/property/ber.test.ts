/** Every BER form of a structure becomes the same DER, and DER does not change. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { berToDer } from '../../src/asn1/ber.ts';
import { encode } from '../../src/asn1/writer.ts';

/**
 * The BER form of one element: definite or indefinite, with a longer length than needed, in chunks, in nested chunks.
 */
type Form = { indefinite: boolean; zeros: number; cuts: number[]; wraps: number; octetChunks: boolean };
type Tree = { tag: number; form: Form } & ({ children: Tree[] } | { content: Uint8Array });

const STRINGS = [0x04, 0x0c, 0x13, 0x16, 0x1e];
const form: fc.Arbitrary<Form> = fc.record({
  indefinite: fc.boolean(),
  zeros: fc.nat({ max: 3 }),
  cuts: fc.array(fc.nat({ max: 300 }), { maxLength: 4 }),
  wraps: fc.nat({ max: 2 }),
  octetChunks: fc.boolean(),
});
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    fc.record({
      tag: fc.constantFrom(0x02, 0x03, 0x06, 0x80, ...STRINGS),
      form,
      content: fc.uint8Array({ maxLength: 300 }),
    }),
    fc.record({
      tag: fc.constantFrom(0x30, 0x31, 0xa0, 0xa1),
      form,
      children: fc.array(tie('tree'), { maxLength: 4 }),
    }),
  ),
}));

const derOf = (node: Tree): Uint8Array =>
  'content' in node ? encode(node.tag, node.content) : encode(node.tag, ...node.children.map(derOf));

/** Identifier and length, with `zeros` more length octets than needed. */
function definite(tag: number, zeros: number, content: Uint8Array): Buffer {
  const length = Buffer.alloc(4 + zeros);
  length.writeUInt32BE(content.length, zeros);
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, content]);
}

const constructed = (tag: number, { indefinite, zeros }: Form, parts: Uint8Array[]): Buffer =>
  indefinite
    ? Buffer.concat([Buffer.of(tag, 0x80), ...parts, Buffer.of(0, 0)])
    : definite(tag, zeros, Buffer.concat(parts));

function berOf(node: Tree): Buffer {
  if ('children' in node) return constructed(node.tag, node.form, node.children.map(berOf));
  if (!STRINGS.includes(node.tag)) return definite(node.tag, node.form.zeros, node.content);
  return stringBer(node.tag, node.form, node.content);
}

function stringBer(tag: number, form: Form, content: Uint8Array): Buffer {
  if (form.cuts.length === 0) return definite(tag, form.zeros, content);
  const cuts = [0, ...form.cuts.toSorted((a, b) => a - b), content.length];
  const chunkTag = form.octetChunks ? 0x04 : tag;
  const chunks = cuts.slice(1).map((cut, i) => definite(chunkTag, form.zeros, content.subarray(cuts[i], cut)));
  let string = constructed(tag | 0x20, form, chunks);
  for (let i = 0; i < form.wraps; i++) string = constructed(tag | 0x20, form, [string]);
  return string;
}

const holds = (title: string, property: (node: Tree) => void) =>
  test(title, () => fc.assert(fc.property(tree, property), { numRuns: 3000 }));

holds('BER comes back as DER', (node) => {
  const ber = berOf(node);
  const { der, consumed } = berToDer(Buffer.concat([ber, Buffer.of(0, 0, 1)]));
  assert.deepEqual(Buffer.from(der), Buffer.from(derOf(node)));
  assert.equal(consumed, ber.length);
});

holds('DER comes back octet for octet', (node) => {
  const der = derOf(node);
  assert.deepEqual(Buffer.from(berToDer(der).der), Buffer.from(der));
});
