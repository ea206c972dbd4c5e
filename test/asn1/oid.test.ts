import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { oidContent, oidText } from '../../src/asn1/oid.ts';

/** Dotted form and content octets, from X.690 8.19.5, the standards that define them, and `openssl asn1parse`. */
const PAIRS: ReadonlyArray<readonly [string, string]> = [
  ['0.0', '00'],
  ['0.39', '27'],
  ['1.0', '28'],
  ['1.39', '4f'],
  ['2.0', '50'],
  ['2.5.4.3', '550403'],
  ['2.47', '7f'],
  ['2.48', '8100'],
  ['2.999.3', '883703'],
  ['1.2.840.113549.1.9.7', '2a864886f70d010907'],
  ['2.16.840.1.113733.1.9.2', '6086480186f845010902'],
  ['1.3.6.1.4.1.311.21.33', '2b0601040182371521'],
  ['1.2.2147483647', '2a87ffffff7f'],
  ['1.2.2147483648', '2a8880808000'],
  ['1.2.9007199254740991', '2a8fffffffffffff7f'],
  ['1.2.9007199254740993', '2a9080808080808001'],
  ['2.25.340282366920938463463374607431768211455', '6983ffffffffffffffffffffffffffffffffff7f'],
  ['2.340282366920938463463374607431768211455', '8480808080808080808080808080808080804f'],
];

for (const [text, hex] of PAIRS)
  test(`OBJECT IDENTIFIER ${text}`, () => {
    assert.equal(oidText(Buffer.from(hex, 'hex')), text);
    assert.equal(Buffer.from(oidContent(text)).toString('hex'), hex);
  });

const NOT_CONTENT = {
  empty: '',
  truncated: '2a86',
  'padded arc': '2a8001',
  'padded first arc': '8055',
  long: '01'.repeat(65),
};
for (const [what, hex] of Object.entries(NOT_CONTENT))
  test(`content that is not an OBJECT IDENTIFIER: ${what}`, () =>
    assert.throws(() => oidText(Buffer.from(hex, 'hex')), DerError));

for (const text of ['', '1', '3.1', '1.40', '0.40', '1.2.', '.1.2', '1..2', '1.02', '1.-2', '1.2.x', ' 1.2'])
  test(`text that is not an OBJECT IDENTIFIER: "${text}"`, () => assert.throws(() => oidContent(text), DerError));
