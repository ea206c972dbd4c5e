/** What an owner leaves behind when its process ends. */
import { type Engine, transact } from './engine.ts';

const LEASED = ['notifications', 'owed_revocations', 'jobs'] as const;

/**
 * Ends every lease, so that the work of earlier owners can be taken at once. Only for the one process that owns the
 * store exclusively: the earlier owners are gone.
 */
export const endLeases = (engine: Engine): Promise<void> =>
  transact(engine, async (tx) => {
    for (const table of LEASED)
      await tx.updateTable(table).set({ owner: null, lease_until: null }).where('owner', 'is not', null).execute();
  });
