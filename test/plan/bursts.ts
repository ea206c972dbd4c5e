/** How long a burst takes with the servers that it needs, and with slower ones. */
import { arrivals, seededChance } from '../bench/burst/arrivals.ts';
import { COSTS } from './costs.ts';
import type { Fleet, Needs } from './needs.ts';
import { playQueue, type QueueResult } from './queue.ts';

/** Of a fleet that is served as it arrives so many devices are played: the others meet the same. */
const MOST_SERVED = 100_000;
/** Of a fleet that comes again and again so many are played, with servers that are slower in proportion: the times stay the same. */
const MOST_WAITING = 10_000;
const SEED = 12;
const ANSWER_WITHIN = 10;

/** What the devices of the fleet meet: `refused` for each device. */
export type PlayedBurst = { capacity: number; refused: number } & Omit<QueueResult, 'refused'>;

/** The fleet with servers that answer `capacity` enrolments in a second, all of them together. */
export function playedBurst({ devices, burst }: Fleet, capacity: number): PlayedBurst {
  const rate = devices / burst;
  const served = capacity > rate;
  const played = Math.min(devices, served ? MOST_SERVED : MOST_WAITING);
  const slower = served ? 1 : played / devices;
  const chance = seededChance(SEED);
  const times = arrivals(played, rate * slower, chance);
  const result = playQueue({
    arrivals: times,
    capacity: capacity * slower,
    answerWithin: ANSWER_WITHIN,
    refusal: COSTS.refusal.value,
    compression: 1,
    chance,
  });
  const seconds = burst + result.seconds - times.at(-1)!;
  return { ...result, seconds, capacity, refused: result.refused / played };
}

/** As many as the servers of the plan can do, then a half and a third of what arrives. */
export const capacitiesFor = ({ arrival, capacity }: Needs): readonly number[] => [capacity, arrival / 2, arrival / 3];
