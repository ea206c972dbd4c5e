/** What an owner leaves behind when its process ends. */
import type { Engine } from './engine.ts';
import { ownersOf } from './owned-store.ts';
import type { Database } from './tables.ts';
import { transactAgain } from './undone.ts';

const LEASED = ['notifications', 'owed_revocations', 'jobs'] as const;

const ENDED = { owner: null, lease_until: null };

/**
 * Ends every lease, so that the work of earlier owners can be taken at once. Only for the one process that owns the
 * store exclusively: the earlier owners are gone.
 */
export const endLeases = (engine: Engine): Promise<void> =>
  transactAgain(engine, async (tx) => {
    for (const table of LEASED) await tx.updateTable(table).set(ENDED).where('owner', 'is not', null).execute();
  });

/** Ends the leases of one server. What it does with the fence that it has is still valid until another owner takes the work. */
export async function endLeasesOf(tx: Database, server: string): Promise<void> {
  for (const table of LEASED) await tx.updateTable(table).set(ENDED).where('owner', 'like', ownersOf(server)).execute();
}
