/** The history. Entries are added in the transaction of what they tell of, and never changed. */
import { type Insertable, sql } from 'kysely';
import type { AuditEntry } from '../core/records.ts';
import { prepared } from './prepared.ts';
import type { AuditTable, Database } from './tables.ts';

const insert = prepared((db, row: Insertable<AuditTable> & { serial: string | null }) =>
  db.insertInto('audit').values({ ...row, certificate_id: certificateId(row.serial) }),
);

/** The number of the certificate with this serial number; null without one, or when it was never recorded. */
const certificateId = (serial: string | null) =>
  sql<number | null>`(select id from certificates where serial = ${serial})`;

export async function addAudit(tx: Database, entry: AuditEntry): Promise<void> {
  await insert(tx, {
    at: entry.at.getTime(),
    event: entry.event,
    endpoint: entry.endpoint,
    transaction_id: entry.transactionId,
    serial: entry.serial ?? null,
    detail: entry.detail ?? null,
  });
}

/** Newest first. */
export async function listAudit(db: Database, filter: { serial?: string; limit?: number }): Promise<AuditEntry[]> {
  const { serial, limit } = filter;
  const rows = await db
    .selectFrom('audit')
    .selectAll()
    .$if(serial !== undefined, (query) => query.where('certificate_id', '=', certificateId(serial ?? '')))
    .orderBy('id', 'desc')
    .$if(limit !== undefined, (query) => query.limit(limit ?? 0))
    .execute();
  return rows.map((row) => ({
    at: new Date(row.at),
    event: row.event,
    endpoint: row.endpoint,
    transactionId: row.transaction_id,
    ...(row.serial === null ? {} : { serial: row.serial }),
    ...(row.detail === null ? {} : { detail: row.detail }),
  }));
}
