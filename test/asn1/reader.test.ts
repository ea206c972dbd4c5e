import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { DerReader } from '../../src/asn1/reader.ts';
import { TAG } from '../../src/asn1/tags.ts';
import { encode, sequence, smallInteger } from '../../src/asn1/writer.ts';

const over = (hex: string): DerReader => DerReader.over(Buffer.from(hex, 'hex'));

test('reads a structure element by element, and returns views of the received octets', () => {
  const input = Buffer.from('300d02010506035504030401010500', 'hex');
  const outer = DerReader.over(input);
  const inner = outer.sequence();
  outer.end();
  assert.equal(inner.smallInteger(), 5);
  assert.equal(inner.oid(), '2.5.4.3');
  const octets = inner.octetString();
  assert.deepEqual([...octets], [1]);
  assert.equal(octets.buffer, input.buffer, 'a view, not a copy');
  assert.throws(() => inner.end(), /2 octets left at offset 13/);
});

test('an optional element is entered, or skipped when absent', () => {
  const reader = over('a003020107020108');
  assert.equal(reader.enterIf(0xa1), undefined);
  assert.equal(reader.enterIf(0xa0)?.smallInteger(), 7);
  assert.equal(reader.smallInteger(), 8);
  assert.equal(reader.tag, -1);
  assert.equal(reader.enterIf(0xa0), undefined);
});

/** Octets that are not DER, and the text of the error. */
const REFUSED: Readonly<Record<string, readonly [string, RegExp]>> = {
  'nothing at all': ['', /found the end/],
  'an identifier without length': ['30', /truncated at offset 0/],
  'a length beyond the input': ['3002 02', /exceeds the input/],
  'an indefinite length': ['3080 0000', /indefinite length/],
  'a long form that fits the short one': ['30817f', /not minimal/],
  'a length with a leading zero': ['3082 0080', /not minimal/],
  'a length of five octets': ['3085 0100000000', /length out of range/],
  'a length whose octets are missing': ['3082 01', /length out of range/],
  'another tag': ['3100', /expected tag 0x30 at offset 0, found 0x31/],
};
for (const [what, [hex, message]] of Object.entries(REFUSED))
  test(`refuses ${what}`, () =>
    assert.throws(
      () => over(hex.replaceAll(' ', '')).sequence(),
      (error) => error instanceof DerError && message.test(error.message),
    ));

/** One element, and the call that must refuse it. */
const REFUSED_VALUES: ReadonlyArray<readonly [string, string, (reader: DerReader) => unknown]> = [
  ['a high tag number', '1f8101 00', (reader) => reader.element()],
  ['an empty INTEGER', '0200', (reader) => reader.integer()],
  ['an INTEGER with a redundant zero', '02020001', (reader) => reader.integer()],
  ['an INTEGER with a redundant zero before 127', '0202007f', (reader) => reader.integer()],
  ['an INTEGER with a redundant sign', '0202ff80', (reader) => reader.integer()],
  ['a negative version', '0201ff', (reader) => reader.smallInteger()],
  ['a version of five octets', '02050100000000', (reader) => reader.smallInteger()],
  ['a BOOLEAN of 1', '010101', (reader) => reader.boolean()],
  ['a BOOLEAN without content', '0100', (reader) => reader.boolean()],
  ['a BOOLEAN of two octets', '0102ffff', (reader) => reader.boolean()],
  ['a BIT STRING without content', '0300', (reader) => reader.bitString()],
  ['a BIT STRING with unused bits where octets are meant', '030201fe', (reader) => reader.bitString()],
  ['a constructed OCTET STRING', '2403040100', (reader) => reader.octetString()],
  ['an INTEGER as text', '020105', (reader) => reader.string()],
  ['no text', '', (reader) => reader.string()],
  ['an INTEGER as time', '020105', (reader) => reader.time()],
  ['no time', '', (reader) => reader.time()],
];
for (const [what, hex, read] of REFUSED_VALUES)
  test(`refuses ${what}`, () => assert.throws(() => read(over(hex.replaceAll(' ', ''))), DerError));

test('BOOLEAN and small INTEGER at their limits', () => {
  assert.deepEqual([over('0101ff').boolean(), over('010100').boolean()], [true, false]);
  assert.deepEqual([over('020100').smallInteger(), over('02047fffffff').smallInteger()], [0, 2 ** 31 - 1]);
});

test('each of the three limits is enforced', () => {
  const nested = sequence(sequence(sequence(smallInteger(1))));
  const limits = { depth: 4, nodes: 4, size: nested.length };
  const read = (reader: DerReader) => reader.sequence().sequence().sequence().smallInteger();
  assert.equal(read(DerReader.over(nested, limits)), 1);
  assert.throws(() => read(DerReader.over(nested, { ...limits, depth: 3 })), /nested too deeply/);
  assert.throws(() => read(DerReader.over(nested, { ...limits, nodes: 3 })), /too many elements/);
  assert.throws(() => DerReader.over(nested, { ...limits, size: nested.length - 1 }), /exceed the limit/);
});

test('a list may have the maximum of elements, and no more', () => {
  const list = encode(TAG.sequence, smallInteger(1), smallInteger(2));
  const read = (most: number) =>
    DerReader.over(list)
      .sequence()
      .each(most, (reader) => reader.smallInteger());
  assert.deepEqual(read(2), [1, 2]);
  assert.throws(() => read(1), /more than 1 elements/);
});

for (const hex of ['0080', '00ff', 'ff7f', 'ff00', '7f', '80'])
  test(`an INTEGER of ${hex} is as short as it can be`, () => {
    const content = Buffer.from(hex, 'hex');
    assert.deepEqual(Buffer.from(DerReader.over(encode(0x02, content)).integer()), content);
  });

test('a DerError keeps no stack trace, and the errors after it keep theirs', () => {
  assert.equal(new DerError('wrong').stack, 'DerError: wrong');
  assert.match(new Error('another').stack ?? '', /\n +at /);
});
