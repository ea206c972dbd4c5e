/** Changes messages: octet by octet, and element by element where they can still be read as DER. */
import { flat, type Node, nodesOf, octetsOf } from '../kit/tree.ts';
import type { Random } from './random.ts';

const OCTETS = [0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x1f, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xff];
const TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x16, 0x17, 0x1e, 0x1f, 0x24, 0x30, 0x31, 0x80, 0xa0, 0xa1, 0xbf,
];
const LENGTHS = [-300, -2, -1, 1, 2, 127, 128, 65_536, 0x7fff_ffff];
const CONTENTS = [
  '',
  '00',
  'ff',
  '80',
  '0000',
  '7fffffff',
  'ffffffffffffffffff',
  '2a864886f70d010701',
  '3000',
  '__proto__',
];

/** Puts `middle` in the place of the octets from `from` to `to`. */
const replaced = (bytes: Buffer, from: number, to: number, middle: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(to)]);

type OctetChange = (bytes: Buffer, random: Random, other: Buffer) => Buffer;
const OCTET_CHANGES: readonly OctetChange[] = [
  function flipBit(bytes, random) {
    const changed = Buffer.from(bytes);
    changed[random.below(bytes.length)]! ^= 1 << random.below(8);
    return changed;
  },
  function setOctet(bytes, random) {
    const changed = Buffer.from(bytes);
    changed[random.below(bytes.length)] = random.pick(OCTETS);
    return changed;
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length));
  },
  function remove(bytes, random) {
    const at = random.below(bytes.length);
    return replaced(bytes, at, at + 1 + random.below(20), Buffer.alloc(0));
  },
  function insert(bytes, random) {
    const at = random.below(bytes.length);
    return replaced(bytes, at, at, random.octets(1 + random.below(8)));
  },
  function repeat(bytes, random) {
    const at = random.below(bytes.length);
    return replaced(bytes, at, at, bytes.subarray(at, at + 1 + random.below(300)));
  },
  function splice(bytes, random, other) {
    return replaced(bytes, random.below(bytes.length), bytes.length, other.subarray(random.below(other.length)));
  },
];

type NodeChange = (nodes: readonly Node[], random: Random, others: readonly Node[]) => void;
const constructed = (nodes: readonly Node[]) => nodes.filter((node) => 'children' in node && node.children.length > 0);
type Constructed = Node & { children: Node[] };

const NODE_CHANGES: readonly NodeChange[] = [
  function changeTag(nodes, random) {
    random.pick(nodes).tag = random.pick(TAGS);
  },
  function lieAboutLength(nodes, random) {
    random.pick(nodes).form = { lie: random.pick(LENGTHS) };
  },
  function writeAsBer(nodes, random) {
    for (let i = random.below(6); i >= 0; i--)
      random.pick(nodes).form = { indefinite: random.below(2) === 1, zeros: random.below(4), chunk: random.below(40) };
  },
  function setContent(nodes, random) {
    const node = random.pick(nodes);
    if ('content' in node) node.content = Buffer.from(random.pick(CONTENTS), random.below(2) ? 'hex' : 'latin1');
  },
  function swapValues(nodes, random, others) {
    const [to, from] = [random.pick(nodes), random.pick(others)];
    if ('content' in to && 'content' in from) to.content = from.content;
  },
  function removeElement(nodes, random) {
    const { children } = random.pick(constructed(nodes)) as Constructed;
    children.splice(random.below(children.length), 1);
  },
  function repeatElement(nodes, random) {
    const { children } = random.pick(constructed(nodes)) as Constructed;
    const at = random.below(children.length);
    children.splice(at, 0, ...Array.from({ length: 1 + random.below(20) }, () => children[at]!));
  },
  function swapElements(nodes, random) {
    const { children } = random.pick(constructed(nodes)) as Constructed;
    const [a, b] = [random.below(children.length), random.below(children.length)];
    [children[a], children[b]] = [children[b]!, children[a]!];
  },
  function graftElement(nodes, random, others) {
    const { children } = random.pick(constructed(nodes)) as Constructed;
    children[random.below(children.length)] = structuredClone(random.pick(others));
  },
  function nest(nodes, random) {
    const { children } = random.pick(constructed(nodes)) as Constructed;
    const at = random.below(children.length);
    for (let i = random.below(40); i >= 0; i--)
      children[at] = { tag: random.pick([0x30, 0x31, 0xa0, 0x24]), children: [children[at]!] };
  },
];

/** One or a few changes. Elements of `other`, DER, are copied in. */
export function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Buffer {
  let changed: Buffer = Buffer.from(bytes);
  for (let i = random.pick([0, 0, 0, 1, 2]); i >= 0; i--)
    changed = random.below(3) === 0 ? changeOctets(changed, random, other) : changeElements(changed, random, other);
  return changed;
}

const changeOctets = (bytes: Buffer, random: Random, other: Uint8Array): Buffer =>
  random.pick(OCTET_CHANGES)(bytes, random, Buffer.from(other));

function changeElements(bytes: Buffer, random: Random, other: Uint8Array): Buffer {
  const nodes = readable(bytes);
  const list = nodes.flatMap(flat);
  if (constructed(list).length === 0) return changeOctets(bytes, random, other);
  random.pick(NODE_CHANGES)(list, random, readable(other).flatMap(flat));
  return Buffer.concat(nodes.map(octetsOf));
}

/** The elements, or none where an earlier change left no DER. */
function readable(bytes: Uint8Array): Node[] {
  try {
    return nodesOf(bytes);
  } catch {
    return [];
  }
}
