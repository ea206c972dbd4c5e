/** Transactions: what became of each request, under the key that makes a repeat recognisable. */
import { type Insertable, type Selectable, sql } from 'kysely';
import type { AuditEntry, StoredTransaction, TransactionKey } from '../core/store.ts';
import { addAudit } from './audit.ts';
import { findCertificate } from './certificates.ts';
import { prepared } from './prepared.ts';
import type { Database, TransactionTable } from './schema.ts';

const byKey = prepared((db, { key }: { key: TransactionKey }) =>
  db.selectFrom('transactions').selectAll().where('key', '=', key),
);
const insert = prepared((db, row: Insertable<TransactionTable>) => db.insertInto('transactions').values(row));

/** A transaction that begins to wait. */
export type PendingTransaction = Pick<
  StoredTransaction,
  'key' | 'endpoint' | 'transactionId' | 'signer' | 'subject' | 'reason'
>;

export async function findTransaction(db: Database, key: TransactionKey): Promise<StoredTransaction | undefined> {
  const { rows } = await byKey(db, { key });
  return rows[0] && fromRow(db, rows[0]);
}

/** Newest first. */
export async function findTransactions(
  db: Database,
  endpoint: string,
  transactionId: string,
): Promise<StoredTransaction[]> {
  const rows = await db
    .selectFrom('transactions')
    .selectAll()
    .where('endpoint', '=', endpoint)
    .where('transaction_id', '=', transactionId)
    .orderBy('id', 'desc')
    .execute();
  return Promise.all(rows.map((row) => fromRow(db, row)));
}

/** Oldest first: who waits longest is served first. */
export async function listPending(db: Database): Promise<StoredTransaction[]> {
  const rows = await db
    .selectFrom('transactions')
    .selectAll()
    // In the text of the query and no parameter, because only so it matches the condition of the partial index.
    .where(sql<boolean>`state = 'pending'`)
    .orderBy('id')
    .execute();
  return Promise.all(rows.map((row) => fromRow(db, row)));
}

/** Writes it unless its key exists, and returns what is there afterwards. */
export async function recordPending(
  tx: Database,
  transaction: PendingTransaction,
  audit: AuditEntry,
): Promise<StoredTransaction> {
  const existing = await findTransaction(tx, transaction.key);
  if (existing) return existing;
  const pending = { ...transaction, state: 'pending' as const, createdAt: audit.at, updatedAt: audit.at };
  await insertTransaction(tx, pending);
  await addAudit(tx, audit);
  return pending;
}

/** Returns false when it is not pending. */
export async function decidePending(
  tx: Database,
  key: TransactionKey,
  decision: 'approved' | 'rejected',
  audit: AuditEntry,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('transactions')
    .set({ state: decision, updated_at: audit.at.getTime() })
    .where('key', '=', key)
    .where('state', '=', 'pending')
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await addAudit(tx, audit);
  return true;
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
  created_at: transaction.createdAt.getTime(),
  updated_at: transaction.updatedAt.getTime(),
  serial: transaction.certificate?.serial ?? null,
});

async function fromRow(db: Database, row: Selectable<TransactionTable>): Promise<StoredTransaction> {
  const certificate = row.serial === null ? undefined : await findCertificate(db, row.serial);
  return {
    key: row.key,
    endpoint: row.endpoint,
    transactionId: row.transaction_id,
    signer: row.signer,
    subject: row.subject,
    state: row.state,
    ...(row.reason === null ? {} : { reason: row.reason }),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    ...(certificate ? { certificate } : {}),
  };
}
