/** Runs named jobs by timers, each under a lease, so that one owner at a time runs each. */
import { type Job, type JobServices, type LeasedJob, leasedJob } from './leased-job.ts';

/** Jobs that run. */
export type RunningJobs = {
  /** Ends the timers, waits for the runs that have begun, and gives the jobs up. Does not throw. */
  close: () => Promise<void>;
};

/**
 * Begins at once: a job that is due runs now, and from then on by its timer. Of one job no two runs overlap, neither in
 * this process nor, by the lease, in two.
 */
export function startJobs({ jobs, ...services }: JobServices & { jobs: readonly Job[] }): RunningJobs {
  const endings = jobs.map((job) => startTimer(job, leasedJob(job, services)));
  return { close: async () => void (await Promise.all(endings.map((end) => end()))) };
}

function startTimer({ every, end }: Job, { turn, release }: LeasedJob): () => Promise<void> {
  let running: Promise<void> | undefined;
  const tick = (): void => {
    running ??= turn().finally(() => (running = undefined));
  };
  tick();
  const timer = setInterval(tick, every);
  timer.unref();
  return async () => {
    clearInterval(timer);
    end?.();
    await running;
    await release();
  };
}
