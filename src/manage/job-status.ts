/** What an administrator sees of the background jobs. */
import { MINUTE } from '../core/durations.ts';
import { defined } from '../core/defined.ts';
import type { Clock } from '../core/environment.ts';
import type { JobRecord } from '../core/records.ts';
import type { JobStore } from '../core/store.ts';

/**
 * One job. `running`: an owner has it, for one run or for those of a minute; `waiting`: until `due`; `overdue`: no server
 * runs it although it is due since a minute, or its owner has disappeared. `lastRun`: when the last run was recorded.
 * `lastError` is absent when that run succeeded.
 */
export type JobStatus = {
  name: string;
  state: 'running' | 'waiting' | 'overdue';
  lastRun?: Date;
  due?: Date;
  owner?: string;
  lastError?: string;
};

/** Every job that ever ran on this store, by name. */
export async function listJobs({
  store,
  clock,
}: {
  store: Pick<JobStore, 'listJobs'>;
  clock: Clock;
}): Promise<JobStatus[]> {
  const now = clock().getTime();
  return (await store.listJobs()).map((job) => status(job, now));
}

function status({ name, owner, leaseUntil, finishedAt, dueAt, lastError }: JobRecord, now: number): JobStatus {
  const isRunning = leaseUntil !== undefined && leaseUntil.getTime() > now;
  const isLate = owner !== undefined || (dueAt !== undefined && now - dueAt.getTime() > MINUTE);
  const state = isRunning ? 'running' : isLate ? 'overdue' : 'waiting';
  // While an owner has the job, the time in the store is the one that the owner has already kept.
  return { name, state, ...defined({ lastRun: finishedAt, due: isRunning ? undefined : dueAt, owner, lastError }) };
}
