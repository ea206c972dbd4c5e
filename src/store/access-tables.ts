/** The tables of logins, of actions that wait for a second person, and of the last backup. */
import { columnType, type Dialect } from './dialect.ts';
import type { Database } from './tables.ts';

/** Creates them. */
export async function createAccess(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('sessions')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('method', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('basis', 'text', (column) => column.notNull())
    .addColumn('started_at', moment, (column) => column.notNull())
    .addColumn('seen_at', moment, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('login_codes')
    .addColumn('user_name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('step', moment, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('last_backup')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('at', moment, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('proposals')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('input', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('grants', 'text', (column) => column.notNull())
    .addColumn('at', moment, (column) => column.notNull())
    .addColumn('until', moment, (column) => column.notNull())
    .execute();
}
