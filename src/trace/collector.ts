/**
 * Collects attempts in memory, beside the requests, and writes them in batches: nothing that happens here delays an answer,
 * and what cannot be written is counted as lost.
 */
import type { AttemptStore, DeviceAttempt } from '../core/attempt-store.ts';
import { MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit, ServerEvent } from '../core/events.ts';
import { askedLately, type AskedLately } from './asked-lately.ts';
import { deviceOf } from './device.ts';
import { hourly } from './hourly.ts';
import { observed } from './observed.ts';

/** `perDevice`: how many attempts of one device stay. `most`: how many wait in memory. */
export type CollectorOptions = {
  store: Pick<AttemptStore, 'recordAttempts' | 'trimAttempts'>;
  perDevice: number;
  clock: Clock;
  emit: Emit;
  most?: number;
};

/** Since the start. `garbage`: requests of no SCEP client, which are not stored. */
export type CollectedCounts = { recorded: number; lost: number; garbage: number; waiting: number };

/** A subscriber of events. */
export type Collector = {
  /** Does not throw, and does not wait. */
  observe: (event: ServerEvent) => void;
  /** Writes what waits. Does not reject. One call at a time does something. */
  flush: () => Promise<void>;
  counts: () => CollectedCounts;
};

/** Some seconds of the busiest server. */
const MOST_WAITING = 10_000;
/** In one transaction: all other writes wait for it. */
const TOGETHER = 250;

/** Begins empty. */
export function traceCollector(options: CollectorOptions): Collector {
  const { clock, most = MOST_WAITING } = options;
  const counts = { recorded: 0, lost: 0, garbage: 0 };
  const asked = askedLately();
  const hours = hourly();
  const lose = lossReport(options, counts);
  const trim = trimming(options);
  let waiting = new Map<string | symbol, DeviceAttempt>();
  let writing: Promise<void> | undefined;

  function add(attempt: DeviceAttempt): void {
    const key = sameAs(attempt);
    const before = key === undefined ? undefined : waiting.get(key);
    if (before) again(before, attempt);
    else if (waiting.size >= most) lose(1);
    else waiting.set(key ?? Symbol(), attempt);
  }

  async function write(): Promise<void> {
    const all = [...waiting.values()];
    waiting = new Map();
    for (let at = 0, counted = hours.take(); at < all.length || counted.length > 0; at += TOGETHER, counted = []) {
      const some = all.slice(at, at + TOGETHER);
      try {
        await options.store.recordAttempts(some, counted);
        counts.recorded += some.length;
        await trim(some);
      } catch (err) {
        hours.putBack(counted);
        if (some.length > 0) lose(some.length, err);
      }
    }
  }

  return {
    observe(event) {
      const seen = observed(event, clock());
      if (!seen) return;
      if (seen.kind === 'garbage' || !isOfClient(seen, asked)) counts.garbage++;
      else {
        hours.add(event, seen.attempt);
        add(seen.attempt);
      }
    },
    flush: () => (writing ??= write().finally(() => (writing = undefined))),
    counts: () => ({ ...counts, waiting: waiting.size }),
  };
}

/** What is no SCEP message counts only from a client that has asked for a CA certificate just before. */
function isOfClient({ kind, attempt }: { kind: string; attempt: DeviceAttempt }, asked: AskedLately): boolean {
  if (kind === 'doubtful') return asked.has(attempt.address, attempt.at);
  if (attempt.outcome === 'answered') asked.add(attempt.address, attempt.at);
  return true;
}

/** Attempts without a transaction that say the same are one. */
function sameAs(attempt: DeviceAttempt): string | undefined {
  if (attempt.transactionId !== undefined || attempt.names.length > 0) return undefined;
  const { endpoint, operation, address, userAgent = '', code = '', detail = '' } = attempt;
  return [endpoint, operation, address, userAgent, code, detail].join('\n');
}

function again(before: DeviceAttempt, { at, ms }: DeviceAttempt): void {
  before.times++;
  before.lastAt = at;
  before.ms = Math.max(before.ms, ms);
}

/** Says once a minute how many were lost. */
function lossReport(
  { emit, clock }: CollectorOptions,
  counts: { lost: number },
): (number: number, err?: unknown) => void {
  let saidAt = -Infinity;
  let unsaid = 0;
  return (number, err) => {
    counts.lost += number;
    unsaid += number;
    const now = clock().getTime();
    if (now - saidAt < MINUTE && now >= saidAt) return;
    emit({ event: 'attempts-lost', number: unsaid, ...(err !== undefined && { err }) });
    saidAt = now;
    unsaid = 0;
  };
}

/** Devices of which it is known how many attempts came: further ones are counted anew. */
const MOST_DEVICES = 20_000;
/** The part of `perDevice` that may come before it is looked whether there are too many. */
const PART = 10;

/** So a device has a tenth more than `perDevice` at most. */
function trimming({ store, perDevice }: CollectorOptions): (attempts: readonly DeviceAttempt[]) => Promise<void> {
  const counted = new Map<string, number>();
  const often = Math.max(1, Math.floor(perDevice / PART));
  return async (attempts) => {
    for (const attempt of attempts) {
      const device = deviceOf(attempt);
      if (device === undefined) continue;
      const number = (counted.get(device) ?? 0) + 1;
      if (counted.size >= MOST_DEVICES) counted.clear();
      counted.set(device, number % often);
      if (number === often) await store.trimAttempts(device, perDevice);
    }
  };
}
