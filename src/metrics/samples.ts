/** What is looked at when somebody asks for the metrics. */
import type { Labels, SampledName } from './metric-table.ts';

/** One value. The labels are those of the row of the metric. */
export type Sample = { name: SampledName; labels?: Labels; value: number };

/** Looks at one thing. What it throws leaves out its samples, and is counted. */
export type SampleProbe = () => readonly Sample[] | Promise<readonly Sample[]>;

/** The samples of all probes, and in `openndes_scrape_errors` how many failed. */
export async function sampled(probes: readonly SampleProbe[]): Promise<Sample[]> {
  const results = await Promise.allSettled(probes.map(async (probe) => probe()));
  const samples = results.flatMap((each) => (each.status === 'fulfilled' ? [...each.value] : []));
  const failed = results.filter(({ status }) => status === 'rejected').length;
  return [...samples, { name: 'openndes_scrape_errors', value: failed }];
}

/** 1 or 0. */
export const flag = (holds: boolean): number => (holds ? 1 : 0);

/** Unix time in seconds. */
export const unixTime = (at: Date): number => at.getTime() / 1000;

/** A sample. */
export const sampleOf = (name: SampledName, labels: Labels, value: number): Sample => ({ name, labels, value });
