/** The validity that Windows and Android request with name and value pairs ([MS-WCCE] 2.2.2.7.10). */
import { catchDerError } from '../asn1/limits.ts';
import type { DerReader } from '../asn1/reader.ts';
import type { RequestedValidity, ValidityUnit } from '../core/request.ts';

/** More than any known client sends. */
const MOST_PAIRS = 64;

/** Values by name. A later pair replaces an earlier one of the same name. */
export type NameValuePairs = ReadonlyMap<string, string>;

const UNITS: ReadonlyMap<string, ValidityUnit> = new Map(
  (['Hours', 'Days', 'Weeks', 'Months', 'Years'] as const).map((unit) => [unit.toLowerCase(), unit]),
);
/** Ten digits are a million years in hours; the profile limits the validity anyway. */
const COUNT = /^[1-9]\d{0,9}$/;

/**
 * The pairs in the values of one attribute. Empty when malformed: they are only a wish, so the request is not refused.
 */
export const readNameValuePairs = (values: DerReader): NameValuePairs =>
  new Map(
    catchDerError(
      () => values.each(MOST_PAIRS, readPair),
      () => [],
    ),
  );

function readPair(values: DerReader): [string, string] {
  const pair = values.sequence();
  const name = pair.string();
  const value = pair.string();
  pair.end();
  return [withoutNul(name), withoutNul(value)];
}

// Some writers include the terminating NUL of a C string.
const withoutNul = (text: string): string => text.replace(/\0$/, '').trim();

/**
 * The validity that the pairs request; undefined when there is none, or no positive count and known unit.
 * Seen: Android writes the count as ValidityPeriod and the unit as ValidityPeriodUnits, Windows the other way round.
 * The count is a number and the unit is not, so both orders can be told apart.
 */
export function requestedValidity(pairs: NameValuePairs): RequestedValidity | undefined {
  const asked = [pairs.get('ValidityPeriod') ?? '', pairs.get('ValidityPeriodUnits') ?? ''];
  const count = asked.find((text) => COUNT.test(text));
  const unit = asked.map((text) => UNITS.get(text.toLowerCase())).find((known) => known !== undefined);
  return count === undefined || unit === undefined ? undefined : { unit, count: Number(count) };
}
