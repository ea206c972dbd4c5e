/** How serial numbers are kept: an index of the certificates in SQLite, and a table beside their parts in PostgreSQL. */
import { sql } from 'kysely';
import { beginningOf, runOfRow } from './thumbprint-runs.ts';
import { columnType, type Dialect } from './dialect.ts';
import type { Database } from './tables.ts';

const COLUMNS = sql`select id as certificate_id, issuer, serial, renews, renews_unrecorded from certificates`;

/** After the certificates: an index over all of them at once is written in order. */
export async function createSerials(db: Database, dialect: Dialect): Promise<void> {
  const table = dialect.partitioned ? 'serials' : 'certificates';
  if (dialect.partitioned) await createTable(db, dialect);
  else await sql`create view serials as ${COLUMNS}`.execute(db);
  const { schema } = db;
  // The serial number first: people name a certificate by it alone.
  await schema.createIndex(`${table}_by_serial`).on(table).columns(['serial', 'issuer']).unique().execute();
  await schema.createIndex(`${table}_by_renewed`).on(table).column('renews').where('renews', 'is not', null).execute();
  await schema
    .createIndex(`${table}_by_unrecorded`)
    .on(table)
    .column('renews_unrecorded')
    .where('renews_unrecorded', 'is not', null)
    .execute();
  for (const thumbprint of ['thumbprint', 'thumbprint_sha256'] as const)
    await (dialect.partitioned ? createHashed(db, thumbprint) : createInRuns(db, thumbprint));
}

type Thumbprint = 'thumbprint' | 'thumbprint_sha256';

/** Its pages are written all over, but only those of this month. */
const createHashed = (db: Database, thumbprint: Thumbprint) =>
  db.schema.createIndex(`certificates_by_${thumbprint}`).on('certificates').using('hash').column(thumbprint).execute();

/** See thumbprint-runs.ts. */
const createInRuns = (db: Database, thumbprint: Thumbprint) =>
  sql`create index ${sql.ref(`certificates_by_${thumbprint}`)}
    on certificates (${runOfRow}, ${beginningOf(thumbprint)})`.execute(db);

/** A unique index is of one part only, so that uniqueness needs a table that has none. */
async function createTable(db: Database, dialect: Dialect): Promise<void> {
  const rows = columnType(dialect.moment);
  await db.schema
    .createTable('serials')
    .addColumn('certificate_id', rows, (column) => column.primaryKey())
    .addColumn('issuer', 'integer', (column) => column.notNull())
    .addColumn('serial', 'text', (column) => column.notNull())
    .addColumn('renews', rows)
    .addColumn('renews_unrecorded', 'text')
    .execute();
  await sql`insert into serials (certificate_id, issuer, serial, renews, renews_unrecorded) ${COLUMNS}`.execute(db);
}
