import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { TAG } from '../../src/asn1/tags.ts';
import { readTime } from '../../src/asn1/time.ts';
import { time } from '../../src/asn1/writer.ts';

const read = (tag: number, text: string): string => readTime(tag, Buffer.from(text, 'latin1')).toISOString();

const TIMES: ReadonlyArray<readonly [number, string, string]> = [
  [TAG.utcTime, '491231235959Z', '2049-12-31T23:59:59.000Z'],
  [TAG.utcTime, '500101000000Z', '1950-01-01T00:00:00.000Z'],
  [TAG.utcTime, '2601020304Z', '2026-01-02T03:04:00.000Z'],
  [TAG.utcTime, '260102030405+0130', '2026-01-02T01:34:05.000Z'],
  [TAG.utcTime, '260102030405-0800', '2026-01-02T11:04:05.000Z'],
  [TAG.generalizedTime, '20260102030405Z', '2026-01-02T03:04:05.000Z'],
  [TAG.generalizedTime, '202601020304Z', '2026-01-02T03:04:00.000Z'],
  [TAG.generalizedTime, '20260102030405.678Z', '2026-01-02T03:04:05.000Z'],
  [TAG.generalizedTime, '99991231235959Z', '9999-12-31T23:59:59.000Z'],
  [TAG.generalizedTime, '20240229000000Z', '2024-02-29T00:00:00.000Z'],
  [TAG.generalizedTime, '20161231235960Z', '2017-01-01T00:00:00.000Z'],
];
for (const [tag, text, moment] of TIMES) test(`${text} is ${moment}`, () => assert.equal(read(tag, text), moment));

const REFUSED: ReadonlyArray<readonly [number, string]> = [
  [TAG.utcTime, ''],
  [TAG.utcTime, '260102030405'],
  [TAG.utcTime, '20260102030405Z'],
  [TAG.utcTime, '2601020304x5Z'],
  [TAG.utcTime, '261302030405Z'],
  [TAG.utcTime, '260002030405Z'],
  [TAG.utcTime, '260230030405Z'],
  [TAG.utcTime, '250229030405Z'],
  [TAG.utcTime, '260100030405Z'],
  [TAG.utcTime, '260102240405Z'],
  [TAG.utcTime, '260102036005Z'],
  [TAG.utcTime, '260102030461Z'],
  [TAG.utcTime, '260102030405Z\n'],
  [TAG.utcTime, '260102030405z'],
  [TAG.generalizedTime, '20260102030405z'],
  [TAG.generalizedTime, '2601020304Z'],
  [TAG.generalizedTime, '00010101000000Z'],
  [TAG.generalizedTime, `20260102030405.${'0'.repeat(1 << 20)}Z`],
  [TAG.octetString, '260102030405Z'],
];
for (const [tag, text] of REFUSED)
  test(`refuses ${JSON.stringify(text.slice(0, 30))} with tag ${tag}`, () =>
    assert.throws(() => read(tag, text), DerError));

/** RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 and before 1950. */
const WRITTEN = {
  '0100-01-01T00:00:00.000Z': '180f30313030303130313030303030305a',
  '1949-12-31T23:59:59.999Z': '180f31393439313233313233353935395a',
  '1950-01-01T00:00:00.000Z': '170d3530303130313030303030305a',
  '2049-12-31T23:59:59.999Z': '170d3439313233313233353935395a',
  '2050-01-01T00:00:00.000Z': '180f32303530303130313030303030305a',
  '9999-12-31T23:59:59.000Z': '180f39393939313233313233353935395a',
};
for (const [moment, hex] of Object.entries(WRITTEN))
  test(`writes ${moment}`, () => assert.equal(Buffer.from(time(new Date(moment))).toString('hex'), hex));

test('refuses to write a year that does not have four digits', () => {
  assert.throws(() => time(new Date(Date.UTC(10000, 0))), DerError);
  assert.throws(() => time(new Date('0099-12-31T23:59:59Z')), DerError);
  assert.throws(() => time(new Date(Number.NaN)), DerError);
});
