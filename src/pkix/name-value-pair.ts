/** The validity that Windows and Android ask for in a request, as name and value pairs of [MS-WCCE] 2.2.2.7.10. */
import { DerError } from '../asn1/limits.ts';
import type { DerReader } from '../asn1/reader.ts';
import type { RequestedValidity, ValidityUnit } from '../core/request.ts';

/** More than any client writes. */
const MOST_PAIRS = 64;

/** Names and values as text. A later pair replaces an earlier one of the same name. */
export type NameValuePairs = ReadonlyMap<string, string>;

const UNITS: ReadonlyMap<string, ValidityUnit> = new Map(
  (['Hours', 'Days', 'Weeks', 'Months', 'Years'] as const).map((unit) => [unit.toLowerCase(), unit]),
);
/** Ten digits are three hundred thousand years in hours; the profile caps whatever is asked. */
const COUNT = /^[1-9]\d{0,9}$/;

/** The pairs in the values of one attribute. Empty when malformed: they are a wish, and no reason to refuse anything. */
export function readNameValuePairs(values: DerReader): NameValuePairs {
  try {
    return new Map(values.each(MOST_PAIRS, readPair));
  } catch (error) {
    if (error instanceof DerError) return new Map();
    throw error;
  }
}

function readPair(values: DerReader): [string, string] {
  const pair = values.sequence();
  const name = pair.string();
  const value = pair.string();
  pair.end();
  return [withoutNul(name), withoutNul(value)];
}

// Some writers count the terminating NUL of a C string.
const withoutNul = (text: string): string => text.replace(/\0$/, '').trim();

/**
 * The validity that the pairs ask for; undefined when they ask for none, or for one that makes no sense.
 * Seen: Android writes the count as ValidityPeriod and the unit as ValidityPeriodUnits, Windows the other way round.
 * One of them is a number and the other is not, so taking each for what it looks like is exact.
 */
export function requestedValidity(pairs: NameValuePairs): RequestedValidity | undefined {
  const asked = [pairs.get('ValidityPeriod') ?? '', pairs.get('ValidityPeriodUnits') ?? ''];
  const count = asked.find((text) => COUNT.test(text));
  const unit = asked.map((text) => UNITS.get(text.toLowerCase())).find((known) => known !== undefined);
  return count === undefined || unit === undefined ? undefined : { unit, count: Number(count) };
}
