/** Gates for tests: what they need beside a service, when nothing is slow and nothing is refused by chance. */
import { sharedDeadline, sinceStart } from '../../src/embed/system.ts';
import type { GateOptions } from '../../src/enroll/gate.ts';
import { workQueue } from '../../src/enroll/work-queue.ts';

/** One core, ten seconds, a gate for each endpoint of these names. A refused client is always told the shortest time. */
export function gatesFor(names: readonly string[]): (name: string, most: number) => GateOptions {
  const limits = { parallelism: 1, answerWithin: 10_000, deadline: sharedDeadline(10_000), now: sinceStart };
  const laneOf = workQueue(
    names.map((name) => ({ name })),
    limits,
  );
  const rest = { slowed: async () => {}, chance: () => 0, now: sinceStart, refused: () => {} };
  return (name, most) => ({ most, lane: laneOf(name), ...rest });
}
