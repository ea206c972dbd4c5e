/** Transactions: what became of each request, under the key that makes a repeat recognisable. */
import type { Insertable, Selectable } from 'kysely';
import type { PollKey, StoredTransaction, TransactionKey } from '../core/records.ts';
import { findCertificate } from './certificates.ts';
import { prepared } from './prepared.ts';
import type { Database, TransactionTable } from './tables.ts';

const byKey = prepared((db, { key }: { key: TransactionKey }) =>
  db.selectFrom('transactions').selectAll().where('key', '=', key),
);
const insert = prepared((db, row: Insertable<TransactionTable>) => db.insertInto('transactions').values(row));

export async function findTransaction(db: Database, key: TransactionKey): Promise<StoredTransaction | undefined> {
  const { rows } = await byKey(db, { key });
  return rows[0] && fromRow(db, rows[0]);
}

/** Behind every hexadecimal digit, where text is ordered by its octets: SQLite's order, and collation "C" of PostgreSQL. */
const AFTER_DIGITS = 'g';

/** The newest. Of the others, which may be many and large, only the index is read. */
export async function findPolled(db: Database, key: PollKey): Promise<StoredTransaction | undefined> {
  const row = await db
    .selectFrom('transactions')
    .selectAll()
    .where('id', '=', (nested) =>
      nested
        .selectFrom('transactions as polled')
        .select(({ fn }) => fn.max('polled.id').as('newest'))
        .where('polled.key', '>=', key)
        .where('polled.key', '<', key + AFTER_DIGITS),
    )
    .executeTakeFirst();
  return row && fromRow(db, row);
}

/**
 * Puts it in the place of another one under the same key, which the caller has seen and found replaceable. It is a new
 * row, so that the unique index, and no look taken earlier, decides between two processes that replace the same one.
 */
export async function replaceTransaction(tx: Database, transaction: StoredTransaction): Promise<void> {
  await tx.deleteFrom('transactions').where('key', '=', transaction.key).execute();
  await insertTransaction(tx, transaction);
}

export async function insertTransaction(tx: Database, transaction: StoredTransaction): Promise<void> {
  await insert(tx, toRow(transaction));
}

const toRow = (transaction: StoredTransaction): Insertable<TransactionTable> => ({
  key: transaction.key,
  endpoint: transaction.endpoint,
  transaction_id: transaction.transactionId,
  signer: transaction.signer,
  subject: transaction.subject,
  state: transaction.state,
  reason: transaction.reason ?? null,
  csr: transaction.csr ?? null,
  created_at: transaction.createdAt.getTime(),
  updated_at: transaction.updatedAt.getTime(),
  serial: transaction.certificate?.serial ?? null,
});

/** A row with its certificate. */
export async function fromRow(db: Database, row: Selectable<TransactionTable>): Promise<StoredTransaction> {
  const certificate = row.serial === null ? undefined : await findCertificate(db, row.serial);
  return {
    key: row.key,
    endpoint: row.endpoint,
    transactionId: row.transaction_id,
    signer: row.signer,
    subject: row.subject,
    state: row.state,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.csr === null ? {} : { csr: row.csr }),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    ...(certificate ? { certificate } : {}),
  };
}
