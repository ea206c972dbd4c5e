/** The tables of the chain over the history. */
import { sql } from 'kysely';
import { columnType, type Dialect } from './dialect.ts';
import type { Database } from './tables.ts';

/** Creates them. What the history has already waits for its links from now on. */
export async function createAuditChain(db: Database, dialect: Dialect): Promise<void> {
  const bytes = columnType(dialect.bytes);
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('audit_unchained')
    .addColumn('id', dialect.identity, (column) => column.primaryKey())
    .execute();
  await db.schema
    .createTable('audit_chain')
    .addColumn('number', dialect.identity, (column) => column.primaryKey())
    .addColumn('entry', moment, (column) => column.notNull())
    .addColumn('hash', bytes, (column) => column.notNull())
    .addColumn('salt', bytes)
    .addColumn('personal', bytes)
    .execute();
  // Not unique: the id of a deleted entry can be given again in SQLite, and its link shows that it was deleted.
  await db.schema.createIndex('audit_chain_by_entry').on('audit_chain').column('entry').execute();
  await db.schema
    .createTable('audit_heads')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('number', moment, (column) => column.notNull())
    .addColumn('first', moment, (column) => column.notNull())
    .addColumn('hash', bytes, (column) => column.notNull())
    .addColumn('at', moment, (column) => column.notNull())
    .addColumn('signature', bytes)
    .addColumn('key', 'text')
    .addPrimaryKeyConstraint('audit_heads_key', ['kind', 'number'])
    .execute();
  await sql`insert into audit_unchained (id) select id from audit`.execute(db);
}
