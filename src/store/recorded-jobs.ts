/** Recurring jobs: who runs each, until when no other owner may, and what the last run came to. */
import type { Insertable, Selectable } from 'kysely';
import type { JobRecord, WorkLease } from '../core/records.ts';
import { isHeld, leaseMoments } from './lease-end.ts';
import { prepared } from './prepared.ts';
import type { Database, JobTable, Moment } from './tables.ts';

/** A run of a job: its name, its owner, and the fence that the owner got. */
export type JobRun = { name: string; owner: string; fence: number };

const byName = prepared((db, { name }: { name: string }) =>
  db.selectFrom('jobs').select(['owner', 'lease_until', 'fence']).where('name', '=', name),
);
const insert = prepared((db, row: Insertable<JobTable>) =>
  db
    .insertInto('jobs')
    .values(row)
    .onConflict((conflict) => conflict.doNothing()),
);
// Compared with the fence that was read: of two owners that read the same row one gets it.
const take = prepared(
  (db, run: { name: string; fence: number; next: number; owner: string; started: Moment; until: Moment }) =>
    db
      .updateTable('jobs')
      .set({ fence: run.next, owner: run.owner, lease_until: run.until, started_at: run.started })
      .where('name', '=', run.name)
      .where('fence', '=', run.fence),
);

/** Undefined when another owner holds a lease that has not expired. */
export async function claimJob(
  tx: Database,
  { name, owner, leaseMs }: WorkLease & { name: string },
  at: Date,
): Promise<{ fence: number } | undefined> {
  const now = at.getTime();
  await insert(tx, { ...NEVER_RUN, name });
  const [job] = (await byName(tx, { name })).rows;
  if (!job || (job.owner !== owner && isHeld(job.lease_until, leaseMoments(now)))) return undefined;
  const next = job.fence + 1;
  const taken = await take(tx, { name, fence: job.fence, next, owner, started: now, until: now + leaseMs });
  return taken.numAffectedRows ? { fence: next } : undefined;
}

const NEVER_RUN = {
  owner: null,
  lease_until: null,
  fence: 0,
  started_at: null,
  finished_at: null,
  due_at: null,
  last_error: null,
};

/** Returns false when the fence is old or the job is finished. */
export const renewJob = (tx: Database, run: JobRun, until: Date): Promise<boolean> =>
  change(tx, run, { lease_until: until.getTime() });

/** Ends the lease. Returns false when the fence is old. */
export const finishJob = (
  tx: Database,
  run: JobRun,
  { at, dueAt, error }: { at: Date; dueAt: Date; error: string | undefined },
): Promise<boolean> =>
  change(tx, run, {
    owner: null,
    lease_until: null,
    finished_at: at.getTime(),
    due_at: dueAt.getTime(),
    last_error: error ?? null,
  });

async function change(tx: Database, { name, owner, fence }: JobRun, values: Partial<JobTable>): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('jobs')
    .set(values)
    .where('name', '=', name)
    .where('owner', '=', owner)
    .where('fence', '=', fence)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** By name. */
export async function listJobs(db: Database): Promise<JobRecord[]> {
  const rows = await db.selectFrom('jobs').selectAll().orderBy('name').execute();
  return rows.map(fromRow);
}

const fromRow = (row: Selectable<JobTable>): JobRecord => ({
  name: row.name,
  fence: row.fence,
  ...(row.owner === null ? {} : { owner: row.owner }),
  ...(row.lease_until === null ? {} : { leaseUntil: new Date(row.lease_until) }),
  ...(row.started_at === null ? {} : { startedAt: new Date(row.started_at) }),
  ...(row.finished_at === null ? {} : { finishedAt: new Date(row.finished_at) }),
  ...(row.due_at === null ? {} : { dueAt: new Date(row.due_at) }),
  ...(row.last_error === null ? {} : { lastError: row.last_error }),
});
