/** The tables of the directories. */
import { sql } from 'kysely';
import { columnType, type Dialect } from './dialect.ts';
import type { Database } from './tables.ts';

/** Creates them, with their indexes. */
export async function createDirectory(db: Database, dialect: Dialect): Promise<void> {
  await createStandings(db, dialect);
  await createObjects(db);
  await createRevocations(db, dialect);
}

async function createStandings(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('directory_standings')
    .addColumn('tenant', 'text', (column) => column.primaryKey().notNull())
    .addColumn('listing', 'integer', (column) => column.notNull())
    .addColumn('listed_at', moment)
    .addColumn('next_at', moment)
    .addColumn('links', 'text', (column) => column.notNull())
    .addColumn('error', 'text', (column) => column.notNull())
    .addColumn('waiting', 'integer', (column) => column.notNull())
    .addColumn('counted_at', 'integer', (column) => column.notNull())
    .addColumn('approved', 'integer', (column) => column.notNull())
    .addColumn('accepts_loss', 'integer', (column) => column.notNull())
    .execute();
}

async function createObjects(db: Database): Promise<void> {
  await db.schema
    .createTable('directory_objects')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('gone_since', 'integer')
    .addPrimaryKeyConstraint('directory_objects_key', ['tenant', 'kind', 'id'])
    .execute();
  await db.schema
    .createIndex('directory_by_name')
    .on('directory_objects')
    .columns(['tenant', 'kind', 'name'])
    .execute();
  // Few are gone, and the others are not in this index.
  await db.schema
    .createIndex('directory_gone')
    .on('directory_objects')
    .columns(['tenant', 'kind', 'id'])
    .where(sql<boolean>`gone_since is not null`)
    .execute();
}

async function createRevocations(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('directory_revocations')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('issuer_id', 'text', (column) => column.notNull())
    .addColumn('serial', 'text', (column) => column.notNull())
    .addColumn('at', moment, (column) => column.notNull())
    .addPrimaryKeyConstraint('directory_revocations_key', ['tenant', 'issuer_id', 'serial'])
    .execute();
}
