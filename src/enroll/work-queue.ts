/** Which requests compute now, which wait for their turn, and which cannot be answered in time: first come, first served. */
import { within } from '../core/ask.ts';
import { fits, reservedPart } from './shares.ts';
import type { Waits } from './waits.ts';
import { type WorkEstimate, workEstimate } from './work-estimate.ts';

/** An endpoint, and the tenant that it shares its part with; an endpoint without one has a part of its own. */
export type WorkSource = { name: string; tenant?: string };

/** `parallelism`: how many requests can compute at the same time, on whichever threads. */
export type WorkLimits = {
  parallelism: number;
  /** Milliseconds in which all that waits must be answerable. */
  answerWithin: number;
  /** A signal that aborts after that time: what waits longer, because the estimate was wrong, is refused too. */
  deadline: () => AbortSignal;
  /** Milliseconds since any moment. */
  now: () => number;
};

/** The requests of one endpoint. */
export type WorkLane = {
  /**
   * Runs the work when its turn has come. It says when it waits for something else than its turn: then another request
   * takes its turn. Answers `late` without running it when it cannot be answered in time.
   */
  run<T>(work: (waits: Waits) => Promise<T>): Promise<T | 'late'>;
  /** Requests that wait for their turn. */
  readonly queued: number;
  /** Whether the next request would be refused. */
  readonly full: boolean;
  /** Milliseconds until what is ahead now is done. */
  readonly ahead: number;
  /** Milliseconds that one more request adds to it. */
  readonly piece: number;
};

/**
 * Requests of one core that compute in turns, and that begin before the process reads on. So many share a commit of the
 * store, and what needs no turn waits for no more than these.
 */
const IN_TURNS = 16;

type Lane = { name: string; queued: number; ahead: number; reserved: number };

/** Two endpoints without a tenant share nothing. No name of a tenant has a slash. */
const sharing = ({ name, tenant = `/${name}` }: WorkSource): string => tenant;

/** The lane of each of these endpoints, by its name. Throws TypeError for another name. */
export function workQueue(sources: readonly WorkSource[], limits: WorkLimits): (name: string) => WorkLane {
  const tenants = sources.map(sharing);
  const lanes = sources.map((source): Lane => {
    return { name: source.name, queued: 0, ahead: 0, reserved: reservedPart(sharing(source), tenants) };
  });
  const estimate = workEstimate(limits);
  const turns = queueOfTurns(estimate, limits.parallelism * IN_TURNS);
  const whole = limits.answerWithin;
  const isLate = (lane: Lane): boolean => !turns.free() && !fits(lane, lanes, { whole, piece: estimate.timeFor(1) });

  async function turn(lane: Lane): Promise<boolean> {
    lane.queued++;
    lane.ahead++;
    const came = await turns.next(limits.deadline());
    lane.queued--;
    if (!came) lane.ahead--;
    return came;
  }

  async function run<T>(lane: Lane, work: (waits: Waits) => Promise<T>): Promise<T | 'late'> {
    if (turns.free()) {
      lane.ahead++;
      turns.begin();
    } else if (isLate(lane) || !(await turn(lane))) return 'late';
    let waiting = false;
    let over = false;
    const waits = (now: boolean): void => {
      // Work that was given up can go on after its end: it has no turn any more.
      if (over || now === waiting) return;
      waiting = now;
      lane.ahead += now ? -1 : 1;
      if (now) estimate.rest();
      else estimate.begin();
      turns.pass();
    };
    try {
      return await work(waits);
    } finally {
      waits(true);
      over = true;
      estimate.done();
    }
  }

  const laneOf = (lane: Lane): WorkLane => ({
    run: (work) => run(lane, work),
    get queued() {
      return lane.queued;
    },
    get full() {
      return isLate(lane);
    },
    get ahead() {
      return estimate.timeFor(estimate.computing + turns.waiting);
    },
    get piece() {
      return estimate.timeFor(1);
    },
  });
  return (name) => {
    const lane = lanes.find((each) => each.name === name);
    if (!lane) throw new TypeError(`${name}: no endpoint of this server`);
    return laneOf(lane);
  };
}

/**
 * Turns for those that wait, in the order in which they came. `most` compute at once, and as many begin in one turn of the
 * event loop: what comes is read first, so that all that waits is known, and what needs no turn is answered.
 */
function queueOfTurns(estimate: WorkEstimate, most: number) {
  const waiting = new Set<() => void>();
  let left = most;
  let passing = false;
  function begin(): void {
    left--;
    estimate.begin();
    passOn();
  }
  function passOn(): void {
    if (passing) return;
    passing = true;
    setImmediate(pass);
  }
  function pass(): void {
    passing = false;
    left = most;
    for (const next of waiting) {
      if (left === 0 || estimate.computing >= most) return;
      next();
    }
  }
  return {
    get waiting() {
      return waiting.size;
    },
    begin,
    /** To be called when fewer compute. */
    pass: (): void => {
      if (waiting.size > 0) passOn();
    },
    free: (): boolean => left > 0 && estimate.computing < most && waiting.size === 0,
    /** Whether the turn came before the signal aborted. It has begun then. */
    async next(signal: AbortSignal): Promise<boolean> {
      const { promise, resolve } = Promise.withResolvers<true>();
      const take = (): void => {
        waiting.delete(take);
        begin();
        resolve(true);
      };
      waiting.add(take);
      try {
        return await within(() => promise, signal);
      } catch {
        waiting.delete(take);
        return false;
      }
    },
  };
}
