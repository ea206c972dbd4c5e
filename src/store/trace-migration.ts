/** The tables of the attempts, in step 4 of the schema. */
import { sql } from 'kysely';
import { columnType, type Dialect } from './dialect.ts';
import type { Database } from './tables.ts';

/** Creates them, with their indexes. */
export async function createAttempts(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  let table = db.schema.createTable('attempts').addColumn('id', dialect.identity, (column) => column.primaryKey());
  for (const column of ['at', 'last_at', 'times', 'ms'] as const)
    table = table.addColumn(column, moment, (each) => each.notNull());
  for (const column of ['endpoint', 'operation', 'outcome', 'address', 'names'] as const)
    table = table.addColumn(column, 'text', (each) => each.notNull());
  for (const column of NULLABLE) table = table.addColumn(column, 'text');
  await table.addColumn('status', 'integer').execute();
  await db.schema.createIndex('attempts_by_endpoint').on('attempts').columns(['endpoint', 'id']).execute();
  // Most requests do not fail, and are not in this index.
  await db.schema
    .createIndex('attempts_failed')
    .on('attempts')
    .column('id')
    .where(sql<boolean>`code is not null`)
    .execute();
  await db.schema
    .createTable('attempt_names')
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('attempt', moment, (column) => column.notNull())
    .addPrimaryKeyConstraint('attempt_names_key', ['value', 'attempt'])
    .$call((each) => (dialect.clustered ? each.modifyEnd(sql.raw(dialect.clustered)) : each))
    .execute();
}

const NULLABLE = [
  'message_type',
  'transaction_id',
  'code',
  'detail',
  'reason',
  'intune_code',
  'client_request_id',
  'activity_id',
  'user_agent',
  'subject',
  'serial',
  'thumbprint',
] as const;
