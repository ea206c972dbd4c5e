/** The claim of one owner on one job. It holds over several runs, so that a job that runs often writes little. */
import type { Clock } from '../core/environment.ts';
import type { JobStore } from '../core/store.ts';

/** What a claim is made with. `clock` agrees with that of the store; `owner` is unique to this process. */
export type LeaseServices = { store: JobStore; owner: string; clock: Clock };

/** A claim. `since` and `until` are milliseconds by the clock; `until` moves when the lease is renewed. */
export type JobLease = { readonly name: string; readonly fence: number; readonly since: number; until: number };

/** Milliseconds. After a crash the job is taken over when so much time has gone by since the last renewal. */
export const LEASE = 120_000;
/** Milliseconds between two renewals while the job runs: two may fail before the lease ends. */
export const RENEWED_EVERY = LEASE / 4;

/** Undefined when another owner has the job. Throws what the store throws. */
export async function claimLease(name: string, { store, owner, clock }: LeaseServices): Promise<JobLease | undefined> {
  // Before the store's own moment, so that the lease never ends later here than there.
  const since = clock().getTime();
  const claimed = await store.claimJob({ name, owner, leaseMs: LEASE });
  return claimed && { name, fence: claimed.fence, since, until: since + LEASE };
}

/** Returns false when another owner has the job or may have it now. A store that fails changes nothing until then. */
export async function renewLease(lease: JobLease, { store, owner, clock }: LeaseServices): Promise<boolean> {
  const { name, fence, until } = lease;
  const now = clock().getTime();
  if (now >= until) return false;
  try {
    const renewed = await store.renewJob({ name, owner, fence, leaseMs: LEASE });
    lease.until = renewed ? now + LEASE : now;
    return renewed;
  } catch {
    return true;
  }
}

/** Whether so much of the lease is left that a run can begin and be renewed in time. None is when the clock was set back. */
export function canBegin({ since, until }: JobLease, clock: Clock): boolean {
  const now = clock().getTime();
  return now >= since && until - now > RENEWED_EVERY;
}
