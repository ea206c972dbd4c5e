/** The model beside the bench: a burst is run, and played with the capacity and the costs that this run measured. */
import { arrivals, seededChance } from '../bench/burst/arrivals.ts';
import { runBurst } from '../bench/burst/burst.ts';
import { COMPRESSION } from '../bench/burst/clients.ts';
import type { BurstPlan, BurstResult } from '../bench/burst/measured.ts';
import { COSTS } from './costs.ts';
import { playQueue, type QueueResult } from './queue.ts';

/** What is compared may differ by so much. */
export const BOUND = 0.25;

/** With two seconds of `listen.answerWithin` most devices get 503; with ten they wait. */
const POINTS: readonly Pick<BurstPlan, 'devices' | 'times' | 'answerWithin'>[] = [
  { devices: 2000, times: 3, answerWithin: 2 },
  { devices: 2000, times: 1.5, answerWithin: 10 },
];

/** The seed of the arrivals of `runBurst`. */
const SEED = 12;

/** `model` and `measured` in seconds; `deviation` from 0. `bound`: whether it decides. */
export type Comparison = { what: string; model: number; measured: number; deviation: number; bound: boolean };

/** The same burst in the model: the capacity is the mean of before and after. */
export function modelOf(result: BurstResult): QueueResult {
  const chance = seededChance(SEED);
  return playQueue({
    arrivals: arrivals(result.devices, result.arrival, chance),
    capacity: (result.capacity + result.capacityAfter) / 2,
    answerWithin: result.answerWithin,
    refusal: Number.isNaN(result.refusal.all) ? COSTS.refusal.value : result.refusal.all / sumOf(result.cpu),
    compression: COMPRESSION,
    chance,
  });
}

const sumOf = ({ servers, database, tenant, generator }: BurstResult['cpu']): number =>
  servers + database + tenant + generator;

/** The time until all have a certificate decides; the others depend on how one machine shares its cores, and are printed. */
export function comparisons(result: BurstResult): Comparison[] {
  const model = modelOf(result);
  const row = (what: string, of: number, measured: number, bound: boolean): Comparison => {
    return { what, model: of, measured, deviation: of / measured - 1, bound };
  };
  return [
    row('until the last certificate, s', model.seconds, result.seconds, true),
    row('from arrival to certificate, p50, s', model.until.p50, result.until.p50, false),
    row('from arrival to certificate, p99, s', model.until.p99, result.until.p99, false),
    row('503 for each device', model.refused / result.devices, result.busy / result.devices, false),
  ];
}

export const isWithin = (compared: readonly Comparison[]): boolean =>
  compared.every(({ bound, deviation }) => !bound || Math.abs(deviation) <= BOUND);

/** Runs both points on SQLite. Returns whether the model is within its bound at each. */
export async function check(says: (line: string) => void): Promise<boolean> {
  let within = true;
  for (const point of POINTS) {
    const plan: BurstPlan = { ...point, store: 'sqlite', replicas: 1 };
    const result = await runBurst(plan, (text) => console.error(`  … ${text}`));
    const compared = comparisons(result);
    says(`${point.devices} devices at ${point.times} times the capacity, listen.answerWithin ${point.answerWithin} s`);
    for (const { what, model, measured, deviation, bound } of compared) {
      const figures = [model, measured].map((value) => value.toFixed(2).padStart(10)).join('');
      says(`  ${what.padEnd(38)}${figures}${(deviation * 100).toFixed(0).padStart(6)} %${bound ? ' (bound)' : ''}`);
    }
    within &&= isWithin(compared);
  }
  says(`The model is ${within ? 'within' : 'beyond'} ${BOUND * 100} % of what was measured.`);
  return within;
}
