/** The tables of conditions. */
import { columnType, type Dialect } from './dialect.ts';
import type { Database } from './tables.ts';

/** Creates them. */
export async function createConditions(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('conditions')
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('server', 'text', (column) => column.notNull())
    .addColumn('since', moment, (column) => column.notNull())
    .addColumn('facts', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('conditions_key', ['id', 'server'])
    .execute();
  await db.schema
    .createTable('condition_looks')
    .addColumn('server', 'text', (column) => column.primaryKey().notNull())
    .addColumn('at', moment, (column) => column.notNull())
    .execute();
}
