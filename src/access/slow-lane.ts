/** Work for networks that failed too often: one piece at a time for each network, with a pause after each failure. */
import { networkOf } from '../core/address.ts';
import type { Clock } from '../core/environment.ts';
import { semaphore, type Semaphore } from '../core/semaphore.ts';
import { dropOldest } from './attempts.ts';

/** Runs the work of an address in its lane; true is success. `busy` when the lane is full, or when the work says so. */
export type SlowLane = (address: string, work: () => Promise<boolean | 'busy'>) => Promise<boolean | 'busy'>;

/** Resolves after so many milliseconds. */
export type Pause = (milliseconds: number) => Promise<unknown>;

/** Milliseconds between a failure and the next piece of work of the same network: 30 a minute. */
const PAUSE = 2_000;
const LANE = { permits: 1, queue: 3 };
const MOST_LANES = 1_000;

/** The lanes of all networks, or of what `keyOf` makes of an address. */
export function slowLane(clock: Clock, pause: Pause, keyOf: (address: string) => string = networkOf): SlowLane {
  const lanes = new Map<string, { turns: Semaphore; freeAt: number }>();

  function laneOf(network: string) {
    const lane = lanes.get(network) ?? { turns: semaphore(LANE), freeAt: 0 };
    lanes.set(network, lane);
    if (lanes.size > MOST_LANES) dropOldest(lanes);
    return lane;
  }

  return (address, work) => {
    const lane = laneOf(keyOf(address));
    return lane.turns.run(async () => {
      const wait = lane.freeAt - clock().getTime();
      if (wait > 0) await pause(Math.min(wait, PAUSE));
      const outcome = await work();
      if (outcome === false) lane.freeAt = clock().getTime() + PAUSE;
      return outcome;
    });
  };
}
