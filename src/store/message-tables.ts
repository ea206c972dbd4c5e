/** The tables of messages. */
import { sql } from 'kysely';
import { columnType, type Dialect } from './dialect.ts';
import type { Database } from './tables.ts';

/** Creates them, with their indexes. */
export async function createMessages(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('messages')
    .addColumn('id', dialect.identity, (column) => dialect.neverReused(column.primaryKey()))
    .addColumn('receiver', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('created_at', moment, (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('due_at', moment, (column) => column.notNull())
    .addColumn('done_at', moment)
    .addColumn('last_error', 'text')
    .execute();
  // Few wait, and the others are not in this index.
  await db.schema
    .createIndex('messages_by_due')
    .on('messages')
    .columns(['due_at', 'id'])
    .where(sql<boolean>`state = 'waiting'`)
    .execute();
  await db.schema.createIndex('messages_done').on('messages').column('done_at').execute();
  await db.schema
    .createTable('message_places')
    .addColumn('source', 'text', (column) => column.primaryKey().notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
}
