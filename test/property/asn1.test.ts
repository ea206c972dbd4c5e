/** Everything that the writer writes reads back as the same value. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { oidContent, oidText } from '../../src/asn1/oid.ts';
import { DerReader } from '../../src/asn1/reader.ts';
import { TAG } from '../../src/asn1/tags.ts';
import * as write from '../../src/asn1/writer.ts';
import { KEY_USAGES, keyUsage, readKeyUsage } from '../../src/pkix/extensions.ts';

const octets = (most = 300) => fc.uint8Array({ maxLength: most });

function holds<T>(title: string, arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  test(title, () => fc.assert(fc.property(arbitrary, property), { numRuns: 1000 }));
}

holds('INTEGER: magnitude', octets(), (magnitude) => {
  const content = DerReader.over(write.unsignedInteger(magnitude)).integer();
  const value = (bytes: Uint8Array) => BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
  assert.equal(value(content), value(magnitude));
  assert.ok(content[0]! < 0x80);
});

holds('INTEGER: small', fc.integer({ min: 0, max: 2 ** 31 - 1 }), (value) =>
  assert.equal(DerReader.over(write.smallInteger(value)).smallInteger(), value),
);

holds('BOOLEAN', fc.boolean(), (value) => assert.equal(DerReader.over(write.boolean(value)).boolean(), value));

const arc = fc.oneof(fc.nat().map(BigInt), fc.bigInt({ min: 0n, max: 2n ** 70n }));
const dotted = fc
  .tuple(fc.nat({ max: 2 }), arc, fc.array(arc, { maxLength: 4 }))
  .map(([first, second, rest]) => [first, first < 2 ? second % 40n : second, ...rest].join('.'));
holds('OBJECT IDENTIFIER', dotted, (text) => {
  assert.equal(oidText(oidContent(text)), text);
  assert.equal(DerReader.over(write.oid(text)).oid(), text);
});

holds('OCTET STRING and BIT STRING', octets(70_000), (content) => {
  assert.deepEqual(Buffer.from(DerReader.over(write.octetString(content)).octetString()), Buffer.from(content));
  assert.deepEqual(Buffer.from(DerReader.over(write.bitString(content)).bitString()), Buffer.from(content));
});

holds('UTF8String', fc.string({ unit: 'binary' }), (text) =>
  assert.equal(DerReader.over(write.utf8String(text)).string(), text),
);

holds('IA5String', fc.string({ unit: 'binary-ascii' }), (text) =>
  assert.equal(DerReader.over(write.ia5String(text)).string(), text),
);

const printable = fc.string({ unit: fc.constantFrom(..."Az09 '()+,-./:=?".split('')) });
holds('PrintableString', printable, (text) => assert.equal(DerReader.over(write.printableString(text)).string(), text));

const moment = fc.date({
  min: new Date('0100-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59Z'),
  noInvalidDate: true,
});
holds('time, to the second', moment, (at) => {
  const seconds = Math.floor(at.getTime() / 1000);
  assert.equal(DerReader.over(write.time(at)).time().getTime(), seconds * 1000);
});

holds('named bits', fc.uniqueArray(fc.constantFrom(...KEY_USAGES)), (usages) => {
  const { value } = keyUsage(usages);
  assert.deepEqual(new Set(readKeyUsage(value)), new Set(usages));
  const [unused = 0, ...content] = DerReader.over(value).read(TAG.bitString);
  const last = content.at(-1);
  assert.ok(last === undefined ? unused === 0 : (last >> unused) & 1, 'X.690 11.2.2: the last bit written is one');
});

type Tree = { tag: number; children: Tree[] } | { tag: number; content: Uint8Array };
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.record({ tag: fc.constantFrom(0x02, 0x04, 0x0c, 0x80), content: octets(200) }, { noNullPrototype: true }),
    fc.record(
      { tag: fc.constantFrom(0x30, 0xa0, 0xa3), children: fc.array(tie('tree'), { maxLength: 5 }) },
      { noNullPrototype: true },
    ),
  ),
}));

const encoded = (node: Tree): Uint8Array =>
  'content' in node ? write.encode(node.tag, node.content) : write.encode(node.tag, ...node.children.map(encoded));

function read(reader: DerReader): Tree {
  const { tag } = reader;
  return (tag & 0x20) === 0
    ? { tag, content: new Uint8Array(reader.read(tag)) }
    : { tag, children: reader.enter(tag).each(5, read) };
}

holds('nested structures', tree, (node) => {
  const reader = DerReader.over(encoded(node));
  assert.deepEqual(read(reader), node);
  reader.end();
});

holds('SET OF is written in ascending order', fc.array(octets(4)), (values) => {
  const elements = values.map((value) => write.octetString(value));
  assert.deepEqual(write.setOf(...elements), write.setOf(...elements.toReversed()));
  const written = DerReader.over(write.setOf(...elements))
    .set()
    .each(Infinity, (set) => set.element().der);
  for (const [i, der] of written.entries()) assert.ok(i === 0 || Buffer.compare(written[i - 1]!, der) <= 0);
});
