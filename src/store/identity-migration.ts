/** Step 4 of the schema: identities of certificates, and what work that several processes share needs. */
import { createHourCounts } from './counted-hours.ts';
import { sql } from 'kysely';
import { createAccess } from './access-tables.ts';
import { createAuditChain } from './audit-chain-tables.ts';
import { createConditions } from './condition-tables.ts';
import { createMessages } from './message-tables.ts';
import { columnType, type Dialect } from './dialect.ts';
import {
  createIdentityIndexes,
  createIdentityTables,
  createNextCertificates,
  createNextTransactions,
} from './identity-tables.ts';
import { createParts } from './partitions.ts';
import { createSerials } from './serials-table.ts';
import { createKeptAnswers } from './kept-answers.ts';
import { createKeyLinks } from './key-links.ts';
import { createOrders } from './recorded-orders.ts';
import { moveCertificates } from './old-certificates.ts';
import type { Database } from './tables.ts';
import { createUserKeyNotes } from './user-key-notes.ts';
import { createUserKeys } from './user-keys.ts';
import { createAttempts } from './trace-migration.ts';

/** Returns what an administrator should know about the earlier rows, one sentence each. */
export async function addIdentities(db: Database, dialect: Dialect): Promise<string[]> {
  await createIdentityTables(db, dialect);
  await createNextCertificates(db, dialect);
  const { number, serials } = await moveCertificates(db);
  await createNextTransactions(db, dialect);
  await moveTransactions(db);
  await replaceTables(db);
  await leaseNotifications(db, dialect);
  await db.schema.alterTable('challenges').addColumn('binding', 'text').execute();
  await db.schema.alterTable('challenges').addColumn('origin', 'text').execute();
  await createIdentityIndexes(db);
  await createSerials(db, dialect);
  await fillFromCertificates(db);
  await nameActors(db);
  if (dialect.partitioned) await createParts(db);
  await createAuditChain(db, dialect);
  await createKeptAnswers(db, dialect);
  await createAttempts(db, dialect);
  await createHourCounts(db, dialect);
  await createConditions(db, dialect);
  await createAccess(db, dialect);
  await createMessages(db, dialect);
  await createOrders(db, dialect);
  await createUserKeys(db, dialect);
  await createUserKeyNotes(db);
  await createKeyLinks(db, dialect);
  if (number === 0) return [];
  return [
    `${number} certificates that an earlier version recorded cannot be read (serial numbers ${serials.join(', ')}` +
      `${number > serials.length ? ', …' : ''}): they are kept, and are not found by names that only they contain`,
  ];
}

async function moveTransactions(db: Database): Promise<void> {
  await sql`
    insert into transactions_next
      (id, key, request, nonces, endpoint, transaction_id, signer, subject, state, reason, csr, created_at, updated_at, certificate_id)
    select id, key, key, '', endpoint, transaction_id, signer, subject, state, reason, csr, created_at, updated_at,
      (select certificates.id from certificates where certificates.serial = transactions.serial)
    from transactions order by transactions.id`.execute(db);
}

/** The table that refers to the other one goes first. */
async function replaceTables(db: Database): Promise<void> {
  for (const table of ['transactions', 'certificates']) await db.schema.dropTable(table).execute();
  for (const table of ['certificates', 'transactions'])
    await db.schema.alterTable(`${table}_next`).renameTo(table).execute();
}

async function leaseNotifications(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  const { schema } = db;
  await schema.dropIndex('notices_by_due').execute();
  await schema.alterTable('notices').renameTo('notifications').execute();
  await schema.alterTable('notifications').addColumn('owner', 'text').execute();
  await schema.alterTable('notifications').addColumn('lease_until', moment).execute();
  await schema
    .alterTable('notifications')
    .addColumn('fence', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await schema.alterTable('notifications').addColumn('certificate_id', moment).execute();
  await schema.alterTable('notifications').addColumn('last_error', 'text').execute();
  await schema
    .alterTable('notifications')
    .addColumn('created_at', moment, (column) => column.notNull().defaultTo(0))
    .execute();
  // How old the earlier ones are was not recorded: their time begins with the next attempt.
  await sql`update notifications set created_at = due_at`.execute(db);
  await schema
    .alterTable('audit')
    .addColumn('actor', 'text', (column) => column.notNull().defaultTo('system'))
    .execute();
  for (const column of ['actor_name', 'actor_address', 'request', 'challenge'])
    await schema.alterTable('audit').addColumn(column, 'text').execute();
  await schema
    .alterTable('audit')
    .addColumn('source', 'text', (column) => column.notNull().defaultTo('job'))
    .execute();
}

async function fillFromCertificates(db: Database): Promise<void> {
  await sql`insert into names (kind, value, certificate_id)
    select kind, value, certificate_id from names_unsorted order by kind, value, certificate_id`.execute(db);
  await db.schema.dropTable('names_unsorted').execute();
  await sql`insert into revocations (certificate_id, issuer, serial, revoked_at, reason, not_after, crl_shard)
    select id, issuer, serial, coalesce(revoked_at, issued_at), coalesce(revocation_reason, 'unspecified'), not_after,
      crl_shard
    from certificates where state = 'revoked'`.execute(db);
  await sql`insert into compromised_keys (public_key_hash)
    select distinct public_key_hash from certificates
    where state = 'revoked' and revocation_reason = 'keyCompromise' and public_key_hash <> ''`.execute(db);
  await sql`insert into endpoint_names (name)
    select endpoint from certificates union select endpoint from transactions`.execute(db);
  await linkNotifications(db);
}

/** Until now each serial number was given out once, so it names the certificate that a notification reports. */
async function linkNotifications(db: Database): Promise<void> {
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom('notifications')
      .select(['id', 'payload'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE)
      .execute();
    if (rows.length === 0) return;
    for (const { id, payload } of rows) {
      const serial = serialIn(payload);
      await sql`update notifications
        set certificate_id = (select id from certificates where serial = ${serial}) where id = ${id}`.execute(db);
    }
    after = rows.at(-1)!.id;
  }
}

const PAGE = 500;

/** The serial number in a payload of notification-codec.ts; null where there is none. */
function serialIn(payload: string): string | null {
  try {
    return (JSON.parse(payload) as { serial?: string }).serial ?? null;
  } catch {
    return null;
  }
}

/** By event: devices made requests, `openndes certs` decided about them, and this server did the rest. */
async function nameActors(db: Database): Promise<void> {
  await sql`update audit set actor = 'device', source = 'scep' where event in ('issued', 'pending')`.execute(db);
  await sql`update audit set source = 'scep' where event in ('delivered', 'never-delivered')`.execute(db);
  await sql`update audit set actor = 'person', source = 'cli'
    where event in ('approved', 'rejected', 'revoked')`.execute(db);
}
