/** The validity that Windows and Android request in pairs of a name and a value ([MS-WCCE] 2.2.2.7.10). */
import { TAG } from '../../../src/asn1/tags.ts';
import { encode, oid, printableString, sequence, setOf } from '../../../src/asn1/writer.ts';
import type { ProfileRow } from './row.ts';

const bmpString = (text: string): Uint8Array => encode(TAG.bmpString, Buffer.from(text, 'utf16le').swap16());
const pair = (name: string, value: string, write = bmpString): string =>
  Buffer.from(sequence(oid('1.3.6.1.4.1.311.13.2.1'), setOf(sequence(write(name), write(value))))).toString('hex');

const asked = (period: string, units: string, write = bmpString): string[] => [
  pair('ValidityPeriod', period, write),
  pair('ValidityPeriodUnits', units, write),
];

/** ValidityPeriod=Years and ValidityPeriodUnits=1 in the form of Windows (BMPString), octet by octet; not captured from a device. */
const OF_WINDOWS = [
  '303a060a2b0601040182370d0201312c302a1e1c00560061006c006900640069007400790050006500720069006f00641e0a00590065006100720073',
  '303c060a2b0601040182370d0201312e302c1e2600560061006c006900640069007400790050006500720069006f00640055006e0069007400731e020031',
];

const days = (count: number): [number, number] => [24 + count * 24, 24 + count * 24];

/** Attributes, and the hours from a day before the issue to the end: at least and at most. */
const ROWS: readonly [string, readonly string[], readonly [number, number]][] = [
  ['Windows: ValidityPeriod=Years, ValidityPeriodUnits=1', OF_WINDOWS, [8784, 8808]],
  ['Android: the two are swapped', asked('1', 'Years'), [8784, 8808]],
  ['six months, by the calendar', asked('Months', '6'), [4368, 4440]],
  ['two weeks', asked('Weeks', '2'), [360, 360]],
  ['thirty days', asked('Days', '30'), [744, 744]],
  ['forty-eight hours', asked('Hours', '48'), [72, 72]],
  ['lower case, with a NUL at the end', asked('days\0', '30\0'), [744, 744]],
  ['as PrintableString', asked('Days', '30', printableString), [744, 744]],
  ['absent, as Apple devices send it: that of the profile', [], days(365)],
  ['half of it: that of the profile', [pair('ValidityPeriod', 'Years')], days(365)],
  ['longer than `maxValidity`: as long as that', asked('Years', '5'), days(730)],
  ['a thousand million years: as long as `maxValidity`', asked('Years', '1000000000'), days(730)],
  ['the same, swapped: as long as `maxValidity`', asked('1000000000', 'Years'), days(730)],
  ['zero: that of the profile', asked('Days', '0'), days(365)],
  ['a negative number: that of the profile', asked('Days', '-30'), days(365)],
  ['a fraction: that of the profile', asked('Days', '1.5'), days(365)],
  ['a number of eleven digits: that of the profile', asked('Days', '10000000000'), days(365)],
  ['two numbers: that of the profile', asked('30', '30'), days(365)],
  ['two units: that of the profile', asked('Days', 'Days'), days(365)],
  ['an unknown unit: that of the profile', asked('Fortnights', '1'), days(365)],
  ['a number in words: that of the profile', asked('Years', 'one'), days(365)],
  ['empty: that of the profile', asked('', ''), days(365)],
  ['something that is no pair: that of the profile', ['3010060a2b0601040182370d020131020500'], days(365)],
];

export const VALIDITY: readonly ProfileRow[] = [
  ...ROWS.map(([title, attributes, hours]) => ({ title, request: { attributes }, certificate: { hours } })),
  {
    // `openndes init` makes an issuing CA of 3,650 days.
    title: 'longer than the CA: to the end of the CA',
    endpoint: 'long',
    request: { attributes: asked('Years', '90') },
    certificate: { hours: [87_624, 87_624] },
  },
];
