/** The job that removes records after the time that `keep` gives them, and makes room for new ones. */
import type { Config } from '../config/schema.ts';
import type { HeadSeal } from '../core/audit-chain.ts';
import { defined } from '../core/defined.ts';
import { HOUR } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { OldKind } from '../core/records.ts';
import type { OrderStore } from '../core/order-store.ts';
import type { OldRecordStore } from '../core/store.ts';
import type { UserKeyStore } from '../core/user-key-store.ts';
import { monotonic, pause } from '../embed/system.ts';
import { type BatchTiming, inBatches } from '../jobs/in-batches.ts';
import type { Job } from '../jobs/leased-job.ts';

/** What the job works on. `keep`: milliseconds by kind. `timing`: that of the system when absent. `seal` signs removals from the history. */
export type OldRecordsParts = {
  keep: Config['keep'];
  store: OldRecordStore & Pick<OrderStore, 'removeOrders'> & Pick<UserKeyStore, 'removeUserKeys'>;
  clock: Clock;
  emit: Emit;
  timing?: BatchTiming;
  seal?: HeadSeal | undefined;
};

const SYSTEM: BatchTiming = { now: monotonic, pause };
/** A run reads what is old and still kept, and there can be much of it. */
const EVERY = 6 * HOUR;

/** Its runs end soon after the jobs are closed; the next one goes on. */
export function oldRecordsJob({ keep, store, clock, emit, seal, timing = SYSTEM }: OldRecordsParts): Job {
  const ending = new AbortController();
  const run = async (signal: AbortSignal): Promise<void> => {
    const stop = AbortSignal.any([signal, ending.signal]);
    const before = momentsOf(keep, clock());
    const removed = { transactions: 0, der: 0, audit: 0 };
    const removeAll = async (kind: OldKind): Promise<void> => {
      let after = 0;
      const batch = async (limit: number): Promise<boolean> => {
        const page = await store.removeOld({ kind, before: before[kind], after, limit, ...defined({ seal }) });
        removed[kind] += page.removed;
        after = page.next ?? after;
        return page.next !== undefined;
      };
      await inBatches(batch, timing, stop);
    };
    try {
      for (const kind of ORDER) await removeAll(kind);
      await store.removeOrders(before.transactions);
      await store.removeUserKeys(before.transactions);
      await store.makeRoom?.();
    } finally {
      if (ORDER.some((kind) => removed[kind] > 0)) emit({ event: 'old-records-removed', ...removed });
    }
  };
  return { name: 'old-records', every: EVERY, run, end: () => ending.abort() };
}

/** A transaction answers with the DER of its certificate, so it goes first. */
const ORDER = ['transactions', 'der', 'audit'] as const satisfies readonly OldKind[];

/** From when on records are kept. DER stays for as long as transactions, which answer with it. */
function momentsOf({ transactions, der, audit }: Config['keep'], now: Date): Readonly<Record<OldKind, Date>> {
  const ago = (ms: number): Date => new Date(now.getTime() - ms);
  return { transactions: ago(transactions), der: ago(Math.max(der, transactions)), audit: ago(audit) };
}
