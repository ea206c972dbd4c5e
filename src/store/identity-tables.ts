/** The tables that step 4 of the schema adds, and those that it writes anew. */
import { sql } from 'kysely';
import { NOTABLE } from './audit-search.ts';
import { columnType, type Dialect } from './dialect.ts';
import { createDirectory } from './directory-tables.ts';
import type { Database } from './tables.ts';

/** Creates every table of step 4 that has no earlier rows to take over. */
export async function createIdentityTables(db: Database, dialect: Dialect): Promise<void> {
  await createIssuers(db, dialect);
  await createNames(db, dialect);
  await createRevocations(db, dialect);
  await createRevocationLists(db, dialect);
  await createOwedRevocations(db, dialect);
  await createJobs(db, dialect);
  await createBlocks(db, dialect);
  await createDirectory(db, dialect);
  await createRevocationRequests(db, dialect);
  await db.schema
    .createTable('compromised_keys')
    .addColumn('public_key_hash', 'text', (column) => column.primaryKey().notNull())
    .execute();
  await db.schema
    .createTable('endpoint_names')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .execute();
  await db.schema
    .createTable('secrets')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('last_signing')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('at', columnType(dialect.moment), (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('servers')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('alive_at', columnType(dialect.moment), (column) => column.notNull())
    .execute();
}

async function createIssuers(db: Database, dialect: Dialect): Promise<void> {
  await db.schema
    .createTable('issuers')
    .addColumn('id', dialect.identity, (column) => column.primaryKey())
    .addColumn('issuer_id', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('key_identifier', columnType(dialect.bytes))
    .addColumn('authority', 'text')
    .execute();
}

/** `names` is one tree, in the order of its key; `names_unsorted` is filled first, because sorting once is quicker. */
async function createNames(db: Database, dialect: Dialect): Promise<void> {
  const rows = columnType(dialect.moment);
  await db.schema
    .createTable('names')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('certificate_id', rows, (column) => column.notNull())
    .addPrimaryKeyConstraint('names_key', ['kind', 'value', 'certificate_id'])
    .$call((table) => (dialect.clustered ? table.modifyEnd(sql.raw(dialect.clustered)) : table))
    .execute();
  await db.schema
    .createTable('names_unsorted')
    .addColumn('kind', 'text')
    .addColumn('value', 'text')
    .addColumn('certificate_id', rows)
    .execute();
}

async function createRevocations(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('revocations')
    // In SQLite only `integer` names the row itself.
    .addColumn('certificate_id', moment, (column) => column.primaryKey())
    .addColumn('issuer', 'integer', (column) => column.notNull().references('issuers.id'))
    .addColumn('serial', 'text', (column) => column.notNull())
    .addColumn('revoked_at', moment, (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('not_after', moment, (column) => column.notNull())
    .addColumn('crl_shard', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('revocations_by_issuer')
    .on('revocations')
    .columns(['issuer', 'certificate_id'])
    .execute();
  await db.schema
    .createIndex('revocations_by_shard')
    .on('revocations')
    .columns(['issuer', 'crl_shard', 'certificate_id'])
    .where('crl_shard', '>', 0)
    .execute();
}

async function createRevocationLists(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('revocation_lists')
    .addColumn('issuer_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('number', moment, (column) => column.notNull())
    .addColumn('revision', moment, (column) => column.notNull())
    .addColumn('made_at', moment, (column) => column.notNull())
    .addColumn('published', moment, (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createTable('revocation_shards')
    .addColumn('issuer_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('urls', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('revocation_revisions')
    .addColumn('issuer', 'integer', (column) => column.notNull())
    .addColumn('crl_shard', 'integer', (column) => column.notNull())
    .addColumn('revision', moment, (column) => column.notNull())
    .addPrimaryKeyConstraint('revocation_revisions_key', ['issuer', 'crl_shard'])
    .execute();
}

/** What can be followed by something else about the same certificate. */
const HELD_FIRST = sql<boolean>`reason in ('certificateHold', 'removeFromCRL')`;

async function createOwedRevocations(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('owed_revocations')
    // A result that comes late must never meet another revocation.
    .addColumn('id', dialect.identity, (column) => dialect.neverReused(column.primaryKey()))
    .addColumn('endpoint', 'text', (column) => column.notNull())
    .addColumn('certificate', columnType(dialect.bytes), (column) => column.notNull())
    .addColumn('reference', 'text')
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('revoked_at', moment, (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('due_at', moment, (column) => column.notNull())
    .addColumn('last_error', 'text')
    .addColumn('owner', 'text')
    .addColumn('lease_until', moment)
    .addColumn('fence', 'integer', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('owed_revocations_by_due').on('owed_revocations').columns(['due_at', 'id']).execute();
  await db.schema.createIndex('owed_revocations_held').on('owed_revocations').column('id').where(HELD_FIRST).execute();
}

async function createRevocationRequests(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('revocation_requests')
    .addColumn('id', dialect.identity, (column) => column.primaryKey())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('request_context', 'text', (column) => column.notNull())
    .addColumn('batch', 'text', (column) => column.notNull())
    .addColumn('serial_number', 'text', (column) => column.notNull())
    .addColumn('issuer_name', 'text')
    .addColumn('ca_configuration', 'text')
    .addColumn('downloaded_at', moment, (column) => column.notNull())
    .addColumn('result', 'text')
    .addUniqueConstraint('revocation_requests_key', ['tenant', 'request_context'])
    .execute();
  await db.schema
    .createTable('revocation_downloads')
    .addColumn('tenant', 'text', (column) => column.primaryKey().notNull())
    .addColumn('at', moment, (column) => column.notNull())
    .execute();
}

async function createBlocks(db: Database, dialect: Dialect): Promise<void> {
  await db.schema
    .createTable('blocks')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('at', columnType(dialect.moment), (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('comment', 'text')
    .execute();
}

async function createJobs(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('jobs')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('owner', 'text')
    .addColumn('lease_until', moment)
    .addColumn('fence', 'integer', (column) => column.notNull())
    .addColumn('started_at', moment)
    .addColumn('finished_at', moment)
    .addColumn('due_at', moment)
    .addColumn('last_error', 'text')
    .execute();
}

/** The certificates of step 4, under the name that they have until the earlier table is gone. */
export async function createNextCertificates(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('certificates_next')
    .addColumn('id', dialect.identity, (column) => column.primaryKey())
    .addColumn('issuer', 'integer', (column) => column.notNull().references('issuers.id'))
    .addColumn('serial', 'text', (column) => column.notNull())
    .addColumn('endpoint', 'text', (column) => column.notNull())
    .addColumn('transaction_id', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('subject_folded', 'text', (column) => column.notNull())
    .addColumn('thumbprint', 'text', (column) => column.notNull())
    .addColumn('thumbprint_sha256', 'text', (column) => column.notNull())
    .addColumn('public_key_hash', 'text', (column) => column.notNull())
    .addColumn('renews', moment)
    .addColumn('renews_unrecorded', 'text')
    .addColumn('first_issued_at', moment, (column) => column.notNull())
    .addColumn('crl_shard', 'integer', (column) => column.notNull())
    .addColumn('der', columnType(dialect.bytes))
    .addColumn('alternative_names', 'text')
    .addColumn('reference', 'text')
    .addColumn('not_before', moment, (column) => column.notNull())
    .addColumn('not_after', moment, (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('issued_at', moment, (column) => column.notNull())
    .addColumn('delivered_at', moment)
    .addColumn('revoked_at', moment)
    .addColumn('revocation_reason', 'text')
    .addColumn('imported_at', moment)
    .$call((table) => (dialect.partitioned ? table.modifyEnd(sql.raw(dialect.partitioned)) : table))
    .execute();
}

/** As `createNextCertificates`. Each refers to its certificate by row, because a serial number is not unique alone. */
export async function createNextTransactions(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('transactions_next')
    .addColumn('id', dialect.identity, (column) => column.primaryKey())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('request', 'text', (column) => column.notNull())
    .addColumn('nonces', 'text', (column) => column.notNull())
    .addColumn('endpoint', 'text', (column) => column.notNull())
    .addColumn('transaction_id', 'text', (column) => column.notNull())
    .addColumn('signer', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('csr', columnType(dialect.bytes))
    .addColumn('issuance', 'text')
    .addColumn('signed_by', columnType(dialect.bytes))
    .addColumn('created_at', moment, (column) => column.notNull())
    .addColumn('updated_at', moment, (column) => column.notNull())
    // Not where certificates are in parts: each insert would look for the part.
    .addColumn('certificate_id', moment, (column) =>
      dialect.partitioned ? column : column.references('certificates_next.id'),
    )
    .execute();
}

/** After the rows: an index over all of them at once is written in order. */
export async function createIdentityIndexes(db: Database): Promise<void> {
  const { schema } = db;
  await schema
    .createIndex('certificates_revoked')
    .on('certificates')
    .column('id')
    .where(sql<boolean>`state = 'revoked'`)
    .execute();
  // The ends of certificates grow with their rows, and are written at the end of their index.
  await schema.createIndex('certificates_by_end').on('certificates').column('not_after').execute();
  // Those of an endpoint and a CA, in the order of their rows: each pair is written at one place.
  await schema.createIndex('certificates_by_place').on('certificates').columns(['endpoint', 'issuer', 'id']).execute();
  // What is not a step of an ordinary enrolment. An enrolment is not in it.
  await schema.createIndex('audit_notable').on('audit').column('id').where(NOTABLE).execute();
  // How far their DER is removed. A new certificate is not in it.
  await schema
    .createIndex('certificates_without_der')
    .on('certificates')
    .columns(['not_after', 'id'])
    .where(sql<boolean>`der is null`)
    .execute();
  // Few requests wait, and the others are not in this index.
  await schema
    .createIndex('audit_by_request')
    .on('audit')
    .columns(['request', 'id'])
    .where('request', 'is not', null)
    .execute();
  await schema.createIndex('transactions_by_key').on('transactions').column('key').unique().execute();
  await schema.createIndex('transactions_by_request').on('transactions').column('request').unique().execute();
  await schema
    .createIndex('transactions_pending')
    .on('transactions')
    .column('created_at')
    .where(sql<boolean>`state = 'pending'`)
    .execute();
  // What is counted for each endpoint, and erased when its time is over; what was erased is not in it.
  await schema
    .createIndex('transactions_waiting')
    .on('transactions')
    .columns(['reason', 'endpoint', 'created_at'])
    .where(sql<boolean>`state = 'pending' and csr is not null`)
    .execute();
  await schema
    .createIndex('transactions_approved')
    .on('transactions')
    .column('created_at')
    .where(sql<boolean>`state = 'approved'`)
    .execute();
  await schema.createIndex('notifications_by_due').on('notifications').columns(['mode', 'due_at', 'id']).execute();
}
