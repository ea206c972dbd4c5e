/** One job under its lease: whether it is due, one run, and what is recorded of it. */
import type { Emit } from '../core/events.ts';
import { canBegin, claimLease, type JobLease, type LeaseServices, renewLease, RENEWED_EVERY } from './job-lease.ts';

/**
 * Recurring work. `every`: milliseconds from the start of a run to the next. `run` stops when its signal aborts: another
 * owner has the job then. What it throws is recorded and logged, and the job runs again when it is due. `end`, for a job that
 * runs for long: called when the jobs are closed, so that the run that has begun ends soon.
 */
export type Job = { name: string; every: number; run: (signal: AbortSignal) => Promise<void>; end?: () => void };

/** What jobs take from outside. */
export type JobServices = LeaseServices & { emit: Emit };

/** `turn()` runs the job if it is due and no other owner has it; `release()` gives it up. Neither throws. */
export type LeasedJob = { turn: () => Promise<void>; release: () => Promise<void> };

/** Milliseconds. A job that runs more often keeps its claim, and records so often that it still runs. */
const RECORDED_EVERY = 60_000;
/** Characters of an error text in the store. */
const LONGEST_ERROR = 500;

/** How a run ended. `error` is the text that is recorded; absent when it succeeded. */
type Outcome = { dueAt: Date; error?: string };
/** `lease`: held now. `outcome`: of the last run. `recorded`: the last outcome that this owner has recorded. */
type Progress = { lease?: JobLease | undefined; outcome?: Outcome; recorded?: Outcome & { fence: number } };

/** A job that this process may run, not claimed yet. */
export function leasedJob(job: Job, services: JobServices): LeasedJob {
  const progress: Progress = {};
  const reported = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (err) {
      services.emit({ event: 'job-failed', job: job.name, err });
    }
  };
  return {
    turn: () => reported(() => turn(job, progress, services)),
    release: () => reported(() => finish(progress, services)),
  };
}

/** Runs it once, due or not. Returns false when another owner has it. Throws what the job throws. */
export async function runOnce(job: Job, services: LeaseServices): Promise<boolean> {
  const lease = await claimLease(job.name, services);
  if (!lease) return false;
  const err = await run(job, lease, services);
  const dueAt = new Date(services.clock().getTime() + job.every);
  await finish({ lease, outcome: { dueAt, ...(err !== undefined && { error: errorText(err) }) } }, services);
  if (err === undefined) return true;
  throw err instanceof Error ? err : new Error(errorText(err));
}

async function turn(job: Job, progress: Progress, services: JobServices): Promise<void> {
  const { lease: held } = progress;
  const lease = held && canBegin(held, services.clock) ? held : await claimWhenDue(job, progress, services);
  progress.lease = lease;
  if (!lease) return;
  const dueAt = new Date(services.clock().getTime() + job.every);
  const err = await run(job, lease, services);
  progress.outcome = { dueAt, ...(err !== undefined && { error: errorText(err) }) };
  if (err !== undefined) services.emit({ event: 'job-failed', job: job.name, err });
  if (isToBeRecorded(progress, dueAt)) await finish(progress, services);
}

async function claimWhenDue(job: Job, progress: Progress, services: JobServices): Promise<JobLease | undefined> {
  return (await isDue(job, progress, services)) ? claimLease(job.name, services) : undefined;
}

/**
 * No other owner has run it since this owner did: then the timer of this owner decides. Otherwise the time in the store
 * does, unless it is further away than a run can make it, because a clock was set back or `every` was changed.
 */
async function isDue({ name, every }: Job, progress: Progress, { store, clock }: JobServices): Promise<boolean> {
  const record = (await store.listJobs()).find((each) => each.name === name);
  const ours = progress.lease?.fence ?? progress.recorded?.fence;
  if (!record?.dueAt || record.fence === ours) return true;
  const wait = record.dueAt.getTime() - clock().getTime();
  return wait <= 0 || wait > every;
}

/** Runs the job once and renews its lease meanwhile. Returns what it threw, or why it was stopped. */
async function run(job: Job, lease: JobLease, services: LeaseServices): Promise<unknown> {
  const stop = new AbortController();
  const renew = async (): Promise<void> => {
    if (!(await renewLease(lease, services))) stop.abort(new Error(`another owner may have the job ${job.name} now`));
  };
  const timer = setInterval(() => void renew(), RENEWED_EVERY);
  timer.unref();
  try {
    await job.run(stop.signal);
    return stop.signal.aborted ? stop.signal.reason : undefined;
  } catch (err) {
    return err ?? new Error('it failed without saying why');
  } finally {
    clearInterval(timer);
  }
}

/** What is new, and everything once a minute. */
function isToBeRecorded({ lease, outcome, recorded }: Progress, dueAt: Date): boolean {
  const isNews = !recorded || recorded.error !== outcome?.error;
  return isNews || (lease !== undefined && dueAt.getTime() - lease.since >= RECORDED_EVERY);
}

/** Records the last outcome and ends the lease. A fence that is old changes nothing: another owner has the job. */
async function finish(progress: Progress, { store, owner }: LeaseServices): Promise<void> {
  const { lease, outcome } = progress;
  delete progress.lease;
  if (!lease || !outcome) return;
  await store.finishJob({ name: lease.name, owner, fence: lease.fence, ...outcome });
  progress.recorded = { ...outcome, fence: lease.fence };
}

const errorText = (err: unknown): string => (err instanceof Error ? err.message : String(err)).slice(0, LONGEST_ERROR);
