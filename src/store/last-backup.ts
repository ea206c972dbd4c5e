/** The last moment at which an archive was made: one row. */
import type { AuditEntry } from '../core/records.ts';
import { addAudit } from './audit.ts';
import type { Database } from './tables.ts';

const ROW = 1;

/** Undefined before the first. */
export async function lastBackup(db: Database): Promise<Date | undefined> {
  const row = await db.selectFrom('last_backup').select('at').executeTakeFirst();
  return row && new Date(row.at);
}

/** With its line of history. */
export async function recordBackup(tx: Database, moment: Date, audit: AuditEntry): Promise<void> {
  const at = moment.getTime();
  await tx
    .insertInto('last_backup')
    .values({ id: ROW, at })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ at }))
    .execute();
  await addAudit(tx, audit, {});
}
