/** The history. Entries are added in the transaction of what they report, and never changed. */
import type { Insertable } from 'kysely';
import type { AuditEntry, CertificateId } from '../core/records.ts';
import { certificateRow } from './stored-certificates.ts';
import { prepared } from './prepared.ts';
import type { AuditTable, Database } from './tables.ts';

const insert = prepared((db, row: Insertable<AuditTable>) => db.insertInto('audit').values(row));

/** `certificate` is the row of the certificate that the entry is about, if any. */
export async function addAudit(tx: Database, entry: AuditEntry, certificate?: number): Promise<void> {
  await insert(tx, {
    at: entry.at.getTime(),
    event: entry.event,
    endpoint: entry.endpoint,
    transaction_id: entry.transactionId,
    serial: entry.serial ?? null,
    detail: entry.detail ?? null,
    certificate_id: certificate ?? null,
    actor: entry.actor.kind,
    actor_name: entry.actor.name ?? null,
    source: entry.source,
  });
}

/** Newest first. */
export async function listAudit(
  db: Database,
  filter: { certificate?: CertificateId; limit?: number },
): Promise<AuditEntry[]> {
  const { certificate, limit } = filter;
  const id = certificate && ((await certificateRow(db, certificate)) ?? 0);
  const rows = await db
    .selectFrom('audit')
    .leftJoin('certificates', 'certificates.id', 'audit.certificate_id')
    .leftJoin('issuers', 'issuers.id', 'certificates.issuer')
    .selectAll('audit')
    .select('issuers.issuer_id')
    .$if(id !== undefined, (query) => query.where('audit.certificate_id', '=', id ?? 0))
    .orderBy('audit.id', 'desc')
    .$if(limit !== undefined, (query) => query.limit(limit ?? 0))
    .execute();
  return rows.map((row) => ({
    at: new Date(row.at),
    event: row.event,
    endpoint: row.endpoint,
    transactionId: row.transaction_id,
    actor: { kind: row.actor, ...(row.actor_name === null ? {} : { name: row.actor_name }) },
    source: row.source,
    ...(row.issuer_id === null ? {} : { issuerId: row.issuer_id }),
    ...(row.serial === null ? {} : { serial: row.serial }),
    ...(row.detail === null ? {} : { detail: row.detail }),
  }));
}
