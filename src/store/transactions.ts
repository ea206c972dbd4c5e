/** Transactions: what became of each request, under the key by which a repeated request is recognised. */
import type { Insertable, Selectable } from 'kysely';
import type { PollKey, StoredTransaction, TransactionKey } from '../core/records.ts';
import { certificateInRow } from './stored-certificates.ts';
import { decodeIssuance, encodeIssuance } from './issuance-codec.ts';
import { prepared } from './prepared.ts';
import type { Database, TransactionTable } from './tables.ts';

const byKey = prepared((db, { key }: { key: TransactionKey }) =>
  db.selectFrom('transactions').selectAll().where('key', '=', key),
);
const insert = prepared((db, row: Insertable<TransactionTable>) => db.insertInto('transactions').values(row));

/** By its whole key, with its certificate. */
export async function findTransaction(db: Database, key: TransactionKey): Promise<StoredTransaction | undefined> {
  const { rows } = await byKey(db, { key });
  return rows[0] && fromRow(db, rows[0]);
}

/** Sorts after every hexadecimal digit where text is ordered by its octets: in SQLite, and in PostgreSQL with collation "C". */
const AFTER_DIGITS = 'g';

/** The newest. The others can be many and large; only their index entries are read. */
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
 * Puts it in the place of another one under the same key, which the caller has read and found replaceable. It is a new
 * row, so that the unique index, and not an earlier read, decides between two processes that replace the same one.
 */
export async function replaceTransaction(
  tx: Database,
  transaction: StoredTransaction,
  certificate?: number,
): Promise<void> {
  await tx.deleteFrom('transactions').where('key', '=', transaction.key).execute();
  await insertTransaction(tx, transaction, certificate);
}

/** `certificate` is the row of its certificate, if it has one. */
export async function insertTransaction(
  tx: Database,
  transaction: StoredTransaction,
  certificate?: number,
): Promise<void> {
  await insert(tx, toRow(transaction, certificate));
}

const toRow = (transaction: StoredTransaction, certificate: number | undefined): Insertable<TransactionTable> => ({
  key: transaction.key,
  endpoint: transaction.endpoint,
  transaction_id: transaction.transactionId,
  signer: transaction.signer,
  subject: transaction.subject,
  state: transaction.state,
  reason: transaction.reason ?? null,
  csr: transaction.csr ?? null,
  issuance: transaction.issuance ? encodeIssuance(transaction.issuance) : null,
  created_at: transaction.createdAt.getTime(),
  updated_at: transaction.updatedAt.getTime(),
  certificate_id: certificate ?? null,
});

/** A row with its certificate. */
export async function fromRow(db: Database, row: Selectable<TransactionTable>): Promise<StoredTransaction> {
  const certificate = row.certificate_id === null ? undefined : await certificateInRow(db, row.certificate_id);
  return {
    key: row.key,
    endpoint: row.endpoint,
    transactionId: row.transaction_id,
    signer: row.signer,
    subject: row.subject,
    state: row.state,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.csr === null ? {} : { csr: row.csr }),
    ...(row.issuance === null ? {} : { issuance: decodeIssuance(row.issuance) }),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    ...(certificate ? { certificate } : {}),
  };
}
