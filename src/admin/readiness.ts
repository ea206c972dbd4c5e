/** `GET /readyz` for administrators: the public answer, with the reason of each failure and the state of each job. */
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { failedOrOk, type Probe, runProbes } from '../core/probe.ts';
import type { JobStore } from '../core/store.ts';
import { type JobStatus, listJobs } from '../manage/job-status.ts';

/** `probes`: those of the public `/readyz`. */
export type ReadinessOptions = {
  probes: readonly Probe[];
  /** How many requests of each endpoint run, of how many, how many are queued, and in how many milliseconds all are answered. */
  load: () => readonly {
    endpoint: string;
    running: number;
    most: number;
    queued: number;
    answerMs: number;
    full: boolean;
  }[];
  /** What else an administrator sees, by its name; it changes no status. */
  detail?: () => Promise<Readonly<Record<string, unknown>>>;
  store: Pick<JobStore, 'listJobs'>;
  clock: Clock;
  emit: Emit;
};

/**
 * Registers it. Status 503 when a probe fails or the jobs cannot be read; a job that fails changes no status, because
 * requests are answered meanwhile.
 */
export async function readiness(
  app: FastifyInstance,
  { probes, load, detail, store, clock, emit }: ReadinessOptions,
): Promise<void> {
  app.get('/readyz', async (_request, reply) => {
    let jobs: JobStatus[] = [];
    const check = async (): Promise<void> => void (jobs = await listJobs({ store, clock }));
    const results = await runProbes([...probes, { name: 'jobs', check }], emit);
    const failed = results.some(({ reason }) => reason !== undefined);
    const texts: Record<string, string> = Object.fromEntries(
      results.map(({ name, reason }) => [name, failedOrOk(reason)]),
    );
    return reply
      .code(failed ? 503 : 200)
      .header('cache-control', 'no-store')
      .send({
        probes: texts,
        ...(await detail?.()),
        jobs,
        load: load(),
      });
  });
}
