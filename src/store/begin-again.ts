/** What a store must not go on with after it was restored: what it does not know may have happened to it. */
import type { AuditEntry } from '../core/records.ts';
import type { VoidedWork } from '../core/store.ts';
import { addAudit } from './audit.ts';
import type { Database } from './tables.ts';

/** See RestoredStore. */
export async function beginAgain(tx: Database, audit: AuditEntry): Promise<VoidedWork> {
  const challenges = await tx.deleteFrom('challenges').executeTakeFirst();
  const requests = await tx.deleteFrom('transactions').where('state', 'in', ['pending', 'approved']).executeTakeFirst();
  // Who logged out since, what was confirmed, and which file was fetched, is not known.
  for (const table of ['sessions', 'proposals', 'key_links'] as const) await tx.deleteFrom(table).execute();
  // Its number follows on the time, and so on every list that was published since.
  await tx.updateTable('revocation_lists').set({ made_at: 0 }).execute();
  await addAudit(tx, audit, {});
  return { challenges: Number(challenges.numDeletedRows), requests: Number(requests.numDeletedRows) };
}
