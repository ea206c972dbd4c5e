/** Collects what devices ask, beside the requests, and removes it after its time. */
import type { Config } from '../config/schema.ts';
import type { AttemptStore } from '../core/attempt-store.ts';
import type { HourCountStore } from '../core/hour-counts.ts';
import { DAY, HOUR, isWithin, MINUTE, SECOND } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit, ServerEvent } from '../core/events.ts';
import { storeWithin } from '../core/store-within.ts';
import { every, monotonic, pause, probeDeadline } from '../embed/system.ts';
import { type BatchTiming, inBatches } from '../jobs/in-batches.ts';
import type { Job } from '../jobs/leased-job.ts';
import { traceCollector } from '../trace/collector.ts';

/** What both work on. */
export type TracingParts = { trace: Config['trace']; store: AttemptStore & HourCountStore; clock: Clock; emit: Emit };

/** `close` writes what waits. */
export type Tracing = { observe: (event: ServerEvent) => void; close: () => Promise<void> };

/** Writes once a second until it is closed; undefined where nothing is to be kept. */
export function startTracing({ trace, store, ...parts }: TracingParts): Tracing | undefined {
  if (trace.days === 0) return undefined;
  // A store that hangs must not keep the server from closing.
  const inTime = storeWithin(store, probeDeadline);
  const { observe, flush } = traceCollector({ ...parts, store: inTime, perDevice: trace.perDevice });
  const end = every(SECOND, () => void flush());
  return {
    observe,
    async close() {
      end();
      // One that runs already has not what came since.
      await flush();
      await flush();
    },
  };
}

type Subscriber = (event: ServerEvent) => void;

/** One subscriber for both; the first one does not throw. */
export const toldBoth = (first: Subscriber | undefined, second: Subscriber | undefined): Subscriber | undefined =>
  first && second
    ? (event) => {
        first(event);
        second(event);
      }
    : (first ?? second);

const SYSTEM: BatchTiming = { now: monotonic, pause };
const EVERY = 10 * MINUTE;
/** To find which rows are too many, the store counts those of an endpoint: a million is a hundred reads. */
const COUNTED_EVERY = 6 * HOUR;

/** The job that removes rows by age and by number. */
export function oldAttemptsJob({ trace, store, clock }: Omit<TracingParts, 'emit'>, timing = SYSTEM): Job {
  const ending = new AbortController();
  let countedAt: number | undefined;
  const run = async (signal: AbortSignal): Promise<void> => {
    const now = clock().getTime();
    const before = new Date(now - trace.days * DAY);
    const batch = async (limit: number): Promise<boolean> => (await store.removeAttempts(before, limit)) === limit;
    await inBatches(batch, timing, AbortSignal.any([signal, ending.signal]));
    await store.removeHourCounts(before);
    if (trace.days === 0 || (countedAt !== undefined && isWithin(COUNTED_EVERY, countedAt, now))) return;
    await store.trimEndpoints(trace.perEndpoint);
    countedAt = now;
  };
  return { name: 'old-attempts', every: EVERY, run, end: () => ending.abort() };
}
