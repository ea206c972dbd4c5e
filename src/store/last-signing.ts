/** The last moment at which a list or an OCSP response was signed: one row, so that a clock that goes back is noticed. */
import type { AuditEntry } from '../core/records.ts';
import { addAudit } from './audit.ts';
import { prepared } from './prepared.ts';
import { higher } from './revisions.ts';
import type { Database } from './tables.ts';

const ROW = 1;

const last = prepared((db) => db.selectFrom('last_signing').select('at'));

/** Undefined before the first. */
export async function lastSigned(db: Database): Promise<Date | undefined> {
  const [row] = (await last(db, {})).rows;
  return row && new Date(row.at);
}

/** An earlier moment than the last one changes nothing. */
export async function noteSigning(tx: Database, moment: Date): Promise<void> {
  const at = moment.getTime();
  await tx
    .insertInto('last_signing')
    .values({ id: ROW, at })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ at: higher('last_signing.at', at) }))
    .execute();
}

/** Whatever it was: the clock was wrong then. */
export async function acceptClock(tx: Database, moment: Date, audit: AuditEntry): Promise<void> {
  const at = moment.getTime();
  await tx
    .insertInto('last_signing')
    .values({ id: ROW, at })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ at }))
    .execute();
  await addAudit(tx, audit, {});
}
