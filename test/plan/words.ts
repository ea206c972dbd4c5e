/** Numbers as people read them. */

/** 1,234 from 100 on, else two digits that count. */
export const count = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(2)));

const SIZES = [
  [1e12, 'TB'],
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'KB'],
] as const;

/** Octets. */
export function size(octets: number): string {
  const [unit, name] = SIZES.find(([least]) => octets >= least) ?? [1, 'octets'];
  return `${count(octets / unit)} ${name}`;
}

const TIMES = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
] as const;

/** Seconds. */
export function time(seconds: number): string {
  const [unit, name] = TIMES.find(([least]) => seconds >= 1.5 * least) ?? [1, 's'];
  return `${count(seconds / unit)} ${name}`;
}
