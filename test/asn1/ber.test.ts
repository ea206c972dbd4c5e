import assert from 'node:assert/strict';
import { test } from 'node:test';
import { berToDer, headerLength } from '../../src/asn1/ber.ts';
import { DerError } from '../../src/asn1/limits.ts';
import { encode } from '../../src/asn1/writer.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

const SAME: ReadonlyArray<readonly [string, string, string]> = [
  ['indefinite length', '3080 020105 0000', '3003 020105'],
  ['indefinite in indefinite', '3080 3080 0000 0000', '3002 3000'],
  ['indefinite in definite', '3004 3080 0000', '3002 3000'],
  ['indefinite and empty', 'a080 0000', 'a000'],
  ['constructed OCTET STRING', '2406 040161 040162', '0402 6162'],
  ['constructed OCTET STRING as a stream', '2480 040161 0400 040162 0000', '0402 6162'],
  ['constructed OCTET STRING without chunks', '2480 0000', '0400'],
  ['constructed in constructed', '2480 2480 040161 0000 2403 040162 0000', '0402 6162'],
  ['strings in three levels', '2480 2480 2480 0401 61 0000 0000 0000', '0401 61'],
  ['constructed UTF8String of UTF8Strings', '2c06 0c0161 0c0162', '0c02 6162'],
  ['constructed PrintableString of OCTET STRINGs', '3306 040161 040162', '1302 6162'],
  ['length of two octets where one does', '308103 020105', '3003 020105'],
  ['length of eight octets', '3088 0000000000000003 020105', '3003 020105'],
];
for (const [what, ber, der] of SAME)
  test(`BER ${what}`, () => {
    const result = berToDer(bytes(ber));
    assert.equal(Buffer.from(result.der).toString('hex'), bytes(der).toString('hex'));
    assert.equal(result.consumed, bytes(ber).length);
  });

test('octets after the first element are not read', () => {
  assert.equal(berToDer(bytes('3080 0000 ff ff')).consumed, 4);
});

const REFUSED: ReadonlyArray<readonly [string, string]> = [
  ['nothing', ''],
  ['one octet', '30'],
  ['indefinite without end', '3080 020105'],
  ['indefinite with half an end', '3080 020105 00'],
  ['indefinite whose end lies behind its parent', '3002 3080 0000'],
  ['indefinite cut by the end of its parent', '3003 3080 00 00'],
  ['indefinite primitive', '0480 61 0000'],
  ['length of nine octets', '30 89 000000000000000000'],
  ['length of 2^64-1', '30 88 ffffffffffffffff'],
  ['length octets missing', '3084 00'],
  ['child longer than its parent', '3003 020205 00'],
  ['high tag number', '3f8101 00'],
  ['string with chunks of another type', '2403 0c0161'],
  ['reserved length octet', '30ff'],
  ['strings in four levels', '2480 2480 2480 2480 0401 61 0000 0000 0000 0000'],
  ['strings in four levels, inside another structure', '3080 2480 2480 2480 2480 0401 61 0000 0000 0000 0000 0000'],
];
for (const [what, ber] of REFUSED)
  test(`refuses BER ${what}`, () => assert.throws(() => berToDer(bytes(ber)), DerError));

test('each limit is enforced', () => {
  const nested = bytes('3080 3080 020105 0000 0000');
  const limits = { depth: 3, nodes: 3, size: nested.length };
  assert.equal(berToDer(nested, limits).der.length, 7);
  for (const limit of ['depth', 'nodes', 'size'] as const)
    assert.throws(() => berToDer(nested, { ...limits, [limit]: limits[limit] - 1 }), DerError, limit);
});

test('header length for each form of the length', () => {
  const lengths = [0, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000];
  const headers = lengths.map((length) => headerLength(encode(0x04, Buffer.alloc(length))));
  assert.deepEqual(headers, [2, 2, 3, 3, 4, 4, 5]);
});
