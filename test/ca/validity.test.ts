import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { DerReader } from '../../src/asn1/reader.ts';
import { TAG } from '../../src/asn1/tags.ts';
import { encode, nullValue, oid, printableString, sequence, setOf, utf8String } from '../../src/asn1/writer.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { periodFor } from '../../src/ca/validity.ts';
import type { ValidityUnit } from '../../src/core/request.ts';
import { readNameValuePairs, requestedValidity } from '../../src/pkix/name-value-pair.ts';
import { OID } from '../../src/pkix/oids.ts';
import { authority, DAY, issue, issuing, NOW, request, YEAR } from './authority-under-test.ts';
import { readCaCertificate } from '../../src/ca/ca-certificate.ts';

const bmp = (text: string): Uint8Array => encode(TAG.bmpString, Buffer.from(text, 'utf16le').swap16());
const pair = (name: string, value: string, write = bmp): Uint8Array => sequence(write(name), write(value));
const attribute = (...values: Uint8Array[]): Uint8Array =>
  sequence(oid(OID.enrollmentNameValuePair), encode(TAG.set, ...values));
const pairs = (period: string, units: string, write = bmp): Uint8Array[] => [
  attribute(pair('ValidityPeriod', period, write)),
  attribute(pair('ValidityPeriodUnits', units, write)),
];

const at = (iso: string): number => Date.parse(iso);
const issuerEnd = readCaCertificate(issuing.certificate, NOW).notAfter.getTime();
const DEFAULT_END = NOW.getTime() + 365 * DAY;
const CAPPED = NOW.getTime() + 730 * DAY;

const ASKED: readonly [string, readonly Uint8Array[], number][] = [
  ['Windows: unit, then count', pairs('Years', '1'), at('2027-03-01T12:00:00Z')],
  ['Android: count and unit swapped', pairs('1', 'Years'), at('2027-03-01T12:00:00Z')],
  ['hours', pairs('Hours', '48'), NOW.getTime() + 2 * DAY],
  ['days', pairs('Days', '5'), NOW.getTime() + 5 * DAY],
  ['weeks', pairs('Weeks', '2'), NOW.getTime() + 14 * DAY],
  ['months by the calendar', pairs('Months', '6'), at('2026-09-01T12:00:00Z')],
  ['lower case', pairs('days', '5'), NOW.getTime() + 5 * DAY],
  ['a terminating NUL', pairs('Days\0', '5\0'), NOW.getTime() + 5 * DAY],
  ['PrintableString', pairs('Days', '5', printableString), NOW.getTime() + 5 * DAY],
  ['UTF8String', pairs('Days', '5', utf8String), NOW.getTime() + 5 * DAY],
  [
    'both pairs in one attribute',
    [attribute(pair('ValidityPeriod', 'Days'), pair('ValidityPeriodUnits', '5'))],
    NOW.getTime() + 5 * DAY,
  ],
  [
    'other pairs beside it',
    [...pairs('Days', '5'), attribute(pair('CertificateTemplate', 'User'))],
    NOW.getTime() + 5 * DAY,
  ],
  ['absent: the profile decides', [], DEFAULT_END],
  ['negative: ignored', pairs('Days', '-5'), DEFAULT_END],
  ['zero: ignored', pairs('Days', '0'), DEFAULT_END],
  ['a fraction: ignored', pairs('Days', '1.5'), DEFAULT_END],
  ['two numbers: ignored', pairs('1', '1'), DEFAULT_END],
  ['two units: ignored', pairs('Days', 'Days'), DEFAULT_END],
  ['an unknown unit: ignored', pairs('Fortnights', '1'), DEFAULT_END],
  ['a name of an object: ignored', pairs('constructor', '1'), DEFAULT_END],
  ['half of it: ignored', [attribute(pair('ValidityPeriod', 'Days'))], DEFAULT_END],
  ['a malformed pair: ignored', [attribute(sequence(bmp('ValidityPeriod')))], DEFAULT_END],
  ['something that is no pair: ignored', [attribute(nullValue)], DEFAULT_END],
  ['no values: ignored', [attribute()], DEFAULT_END],
  ['10^9 years: capped', pairs('Years', '1000000000'), CAPPED],
  ['10^9 hours: capped', pairs('Hours', '1000000000'), CAPPED],
  ['a number of a thousand digits: ignored', pairs('Years', '9'.repeat(1000)), DEFAULT_END],
  ['ten years: capped by the profile', pairs('Years', '10'), CAPPED],
];
for (const [name, attributes, end] of ASKED)
  test(`requested validity, ${name}`, async () => {
    assert.equal((await issue({ attributes })).validToDate.getTime(), end);
  });

test('no certificate is valid beyond the issuing certificate', async () => {
  const by = authority({ validity: 50 * YEAR, maxValidity: 50 * YEAR });
  for (const attributes of [pairs('Years', '20'), []])
    assert.equal((await issue({ attributes }, by)).validToDate.getTime(), issuerEnd);
});

test('begins before now by the backdate, though not before the issuing certificate', async () => {
  assert.equal((await issue({})).validFromDate.getTime(), NOW.getTime() - DAY);
  const begin = readCaCertificate(issuing.certificate, NOW).notBefore.getTime();
  assert.equal((await issue({}, authority({ backdate: 30 * DAY }))).validFromDate.getTime(), begin);
  assert.equal((await issue({}, authority({ backdate: 0 }))).validFromDate.getTime(), NOW.getTime());
});

test('`requestedValidity` is present only when the request asks for a validity', async () => {
  assert.deepEqual((await request({ attributes: pairs('2', 'Weeks') })).requestedValidity, { unit: 'Weeks', count: 2 });
  assert.ok(!('requestedValidity' in (await request({}))));
});

const unit = fc.constantFrom<ValidityUnit>('Hours', 'Days', 'Weeks', 'Months', 'Years');
const read = (...list: Uint8Array[]) => requestedValidity(readNameValuePairs(DerReader.over(setOf(...list)).set()));

test('half of what a validity needs is none', () => {
  assert.equal(read(pair('ValidityPeriod', 'Days')), undefined);
  assert.equal(read(pair('ValidityPeriod', '5')), undefined);
  assert.equal(read(), undefined);
});

test('property: every unit and count is read in either order', () => {
  fc.assert(
    fc.property(unit, fc.integer({ min: 1, max: 9_999_999_999 }), (asked, count) => {
      const both = [
        read(pair('ValidityPeriod', asked), pair('ValidityPeriodUnits', `${count}`)),
        read(pair('ValidityPeriod', `${count}`), pair('ValidityPeriodUnits', asked)),
      ];
      for (const validity of both) assert.deepEqual(validity, { unit: asked, count });
    }),
  );
});

test('property: any two texts give a validity that makes sense, or none', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (period, units) => {
      const validity = read(pair('ValidityPeriod', period, utf8String), pair('ValidityPeriodUnits', units, utf8String));
      if (validity) assert.ok(Number.isSafeInteger(validity.count) && validity.count > 0);
    }),
  );
});

test('property: any octets at all in the attribute are read without an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      assert.ok(readNameValuePairs(DerReader.over(encode(TAG.set, octets)).set()) instanceof Map);
    }),
  );
});

test('property: a period never leaves its profile and its issuer, and never is empty', () => {
  const issuer = { notBefore: new Date(NOW.getTime() - 400 * DAY), notAfter: new Date(NOW.getTime() + 1000 * DAY) };
  fc.assert(
    fc.property(
      unit,
      fc.integer({ min: 1, max: 9_999_999_999 }),
      fc.integer({ min: -300, max: 999 }),
      (asked, count, day) => {
        const now = new Date(NOW.getTime() + day * DAY);
        const { notBefore, notAfter } = periodFor(DEFAULT_PROFILE, issuer, { unit: asked, count }, now);
        assert.ok(notBefore >= issuer.notBefore && notBefore <= now);
        assert.ok(notAfter > now && notAfter <= issuer.notAfter);
        assert.ok(notAfter.getTime() - now.getTime() <= DEFAULT_PROFILE.maxValidity);
      },
    ),
  );
});
