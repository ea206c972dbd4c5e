/** Durations in milliseconds, written as `365d` or `90s`. */

const SECOND = 1000;
const UNITS = { d: 86_400 * SECOND, h: 3600 * SECOND, m: 60 * SECOND, s: SECOND } as const;
type Unit = keyof typeof UNITS;

/** A hundred years: a longer duration is a typing mistake, or leaves the range of dates in a certificate. */
const LONGEST = 36_500 * UNITS.d;

/** Milliseconds of `365d`, `24h`, `60m`, `90s` or `0`; undefined for anything else and for more than 36500 days. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d+)([dhms])$/.exec(text) ?? [];
  if (count === undefined) return text === '0' ? 0 : undefined;
  const milliseconds = Number(count) * UNITS[unit as Unit];
  return milliseconds <= LONGEST ? milliseconds : undefined;
}

/** The shortest way to write a duration of whole seconds. */
export function durationText(milliseconds: number): string {
  if (milliseconds === 0) return '0';
  const [unit, length] = Object.entries(UNITS).find(([, length]) => milliseconds % length === 0) ?? ['s', SECOND];
  return `${milliseconds / length}${unit}`;
}
