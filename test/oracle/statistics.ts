/** Welch's t-test for two samples of times. */

export type Comparison = { n: number; mean: number; difference: number; error: number; t: number };

/** Without its slowest tenth, which other work on the machine causes. */
export const trimmed = (sample: readonly number[]): number[] =>
  sample.toSorted((a, b) => a - b).slice(0, Math.floor(sample.length * 0.9));

const meanOf = (sample: readonly number[]): number => sample.reduce((sum, value) => sum + value, 0) / sample.length;

function varianceOf(sample: readonly number[], mean: number): number {
  return sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (sample.length - 1);
}

/** `error` is the standard error of the difference, and `t` the difference in units of it. */
export function compare(control: readonly number[], sample: readonly number[]): Comparison {
  const [a, b] = [meanOf(control), meanOf(sample)];
  const error = Math.sqrt(varianceOf(control, a) / control.length + varianceOf(sample, b) / sample.length);
  return { n: sample.length, mean: b, difference: b - a, error, t: (b - a) / error };
}
