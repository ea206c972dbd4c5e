/** How the schema came to be: one list of steps for every database. */
import { hash } from 'node:crypto';
import { sql } from 'kysely';
import { columnType, type Dialect } from './dialect.ts';
import { addIdentities } from './identity-migration.ts';
import type { Database } from './tables.ts';

/**
 * One step. A step that has been released is never changed; a later change is a further step. Returns what an
 * administrator should know about the rows that were there, if anything.
 */
export type Migration = (db: Database, dialect: Dialect) => Promise<readonly string[] | void>;

/** The list. Its length is the version of the schema. */
export const MIGRATIONS: readonly Migration[] = [
  async (db, dialect) => {
    await createCertificates(db, dialect);
    await createTransactions(db, dialect);
    await createNotifications(db, dialect);
    await createAudit(db, dialect);
    await createMarks(db, dialect);
  },
  createChallenges,
  async (db, dialect) => {
    await beginKeysWithPolls(db);
    await referToCertificates(db, dialect);
  },
  addIdentities,
];

/**
 * The lowest version of the schema whose programs can serve a database that has been through all of the list. A step that
 * only adds leaves it as it is; one after which an earlier program would fail raises it to its own number. See CONTRIBUTING.md.
 */
export const OLDEST_BESIDE = 4;

async function createCertificates(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('certificates')
    .addColumn('id', dialect.identity, (column) => column.primaryKey())
    .addColumn('serial', 'text', (column) => column.notNull().unique())
    .addColumn('endpoint', 'text', (column) => column.notNull())
    .addColumn('transaction_id', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('subject_folded', 'text', (column) => column.notNull())
    .addColumn('issuer', 'text', (column) => column.notNull())
    .addColumn('thumbprint', 'text', (column) => column.notNull())
    .addColumn('der', columnType(dialect.bytes), (column) => column.notNull())
    .addColumn('not_before', moment, (column) => column.notNull())
    .addColumn('not_after', moment, (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('issued_at', moment, (column) => column.notNull())
    .addColumn('delivered_at', moment)
    .addColumn('revoked_at', moment)
    .addColumn('revocation_reason', 'text')
    .execute();
  // Revoked certificates are few among many; the others are not in this index.
  await db.schema
    .createIndex('certificates_revoked')
    .on('certificates')
    .column('id')
    .where(sql<boolean>`state = 'revoked'`)
    .execute();
}

async function createTransactions(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('transactions')
    .addColumn('id', dialect.identity, (column) => column.primaryKey())
    .addColumn('key', 'text', (column) => column.notNull().unique())
    .addColumn('endpoint', 'text', (column) => column.notNull())
    .addColumn('transaction_id', 'text', (column) => column.notNull())
    .addColumn('signer', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('csr', columnType(dialect.bytes))
    .addColumn('created_at', moment, (column) => column.notNull())
    .addColumn('updated_at', moment, (column) => column.notNull())
    .addColumn('serial', 'text', (column) => column.references('certificates.serial'))
    .execute();
  await db.schema
    .createIndex('transactions_by_transaction_id')
    .on('transactions')
    .columns(['endpoint', 'transaction_id', 'id'])
    .execute();
  await db.schema
    .createIndex('transactions_pending')
    .on('transactions')
    .column('id')
    .where(sql<boolean>`state = 'pending'`)
    .execute();
  await db.schema
    .createIndex('transactions_approved')
    .on('transactions')
    .column('created_at')
    .where(sql<boolean>`state = 'approved'`)
    .execute();
}

async function createNotifications(db: Database, dialect: Dialect): Promise<void> {
  await db.schema
    .createTable('notices')
    // A result that comes late must never meet another notification.
    .addColumn('id', dialect.identity, (column) => dialect.neverReused(column.primaryKey()))
    .addColumn('mode', 'text', (column) => column.notNull())
    .addColumn('payload', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('due_at', columnType(dialect.moment), (column) => column.notNull())
    .execute();
  await db.schema.createIndex('notices_by_due').on('notices').columns(['mode', 'due_at', 'id']).execute();
}

async function createAudit(db: Database, dialect: Dialect): Promise<void> {
  await db.schema
    .createTable('audit')
    .addColumn('id', dialect.identity, (column) => column.primaryKey())
    .addColumn('at', columnType(dialect.moment), (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('endpoint', 'text', (column) => column.notNull())
    .addColumn('transaction_id', 'text', (column) => column.notNull())
    .addColumn('serial', 'text')
    .addColumn('detail', 'text')
    .$call((table) => (dialect.partitioned ? table.modifyEnd(sql.raw(dialect.partitioned)) : table))
    .execute();
  await db.schema.createIndex('audit_by_serial').on('audit').columns(['serial', 'id']).execute();
}

async function createMarks(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('consumed_challenges')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('at', moment, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('write_check')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('at', moment, (column) => column.notNull())
    .execute();
}

async function createChallenges(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('challenges')
    .addColumn('mark', 'text', (column) => column.primaryKey().notNull())
    .addColumn('endpoint', 'text', (column) => column.notNull())
    .addColumn('created_at', moment, (column) => column.notNull())
    .addColumn('expires_at', moment, (column) => column.notNull())
    .execute();
  await db.schema.createIndex('challenges_by_expiry').on('challenges').columns(['endpoint', 'expires_at']).execute();
}

const PAGE = 1000;

/** The index of the keys then finds what a poll means, and a second one, into which every request writes, is not needed. */
async function beginKeysWithPolls(db: Database): Promise<void> {
  await db.schema.dropIndex('transactions_by_transaction_id').execute();
  const page = (after: number) =>
    db
      .selectFrom('transactions')
      .select(['id', 'key', 'endpoint', 'transaction_id', 'signer'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE)
      .execute();
  for (let rows = await page(0); rows.length > 0; rows = await page(rows.at(-1)!.id))
    for (const { id, key, endpoint, transaction_id, signer } of rows) {
      const poll = [endpoint, transaction_id, signer].map((part) => `${part.length}:${part}`).join();
      const begins = hash('sha256', poll, 'hex').slice(0, 32);
      await db
        .updateTable('transactions')
        .set({ key: begins + key })
        .where('id', '=', id)
        .execute();
    }
}

/** Serial numbers are random, and an index of them is written all over; numbers of rows are written at its end. */
async function referToCertificates(db: Database, dialect: Dialect): Promise<void> {
  // 64 bits, as the numbers of rows.
  await db.schema.alterTable('audit').addColumn('certificate_id', columnType(dialect.moment)).execute();
  await db
    .updateTable('audit')
    .set({ certificate_id: sql`(select id from certificates where certificates.serial = audit.serial)` })
    .execute();
  await db.schema.dropIndex('audit_by_serial').execute();
  await db.schema.createIndex('audit_by_certificate').on('audit').columns(['certificate_id', 'id']).execute();
}
