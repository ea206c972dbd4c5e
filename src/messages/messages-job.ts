/** The jobs that gather messages and deliver them, and the sum of refusals of this server. */
import { DAY, MINUTE, SECOND } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Store } from '../core/store.ts';
import { readConditions } from './condition-source.ts';
import { deliverDue } from './due-messages.ts';
import { readExpiring } from './expiring-source.ts';
import { readHistory } from './history-source.ts';
import type { Receiver } from './receiver.ts';

/** `thresholds` as in ExpiringParts. `deadline`: how long one message may take. `every`: milliseconds between two runs; five seconds when absent. */
export type MessagesJobParts = {
  store: Store;
  receivers: readonly Receiver[];
  thresholds: readonly number[];
  clock: Clock;
  deadline: () => AbortSignal;
  every?: number;
};

/** As a job of jobs/. */
export type MessagesJob = { name: string; every: number; run: (signal: AbortSignal) => Promise<void>; end: () => void };

/** How long what was delivered or given up is shown. */
const SHOWN = 30 * DAY;
/** How long a condition must be open before it is said: one that is gone at the next look says nothing. */
const SETTLE = 90 * SECOND;

/** On one server at a time. A run ends soon after the jobs are closed. */
export function messagesJob({ every = 5 * SECOND, ...parts }: MessagesJobParts): MessagesJob {
  const ending = new AbortController();
  const { store, receivers, clock } = parts;
  const names = receivers.map(({ name }) => name);
  // In tests, which run it often, a condition settles sooner too.
  const settle = every < SECOND ? every : SETTLE;
  let cleaned = -Infinity;
  const clean = async (): Promise<void> => {
    const now = clock().getTime();
    if (now - cleaned < MINUTE && now >= cleaned) return;
    cleaned = now;
    await store.removeMessages(new Date(now - SHOWN), names);
  };
  const run = async (signal: AbortSignal): Promise<void> => {
    const stop = AbortSignal.any([signal, ending.signal]);
    await readHistory(parts, stop);
    await readConditions({ ...parts, settle });
    await readExpiring(parts, stop);
    await clean();
    await deliverDue(parts, stop);
  };
  return { name: 'messages', every, run, end: () => ending.abort() };
}
