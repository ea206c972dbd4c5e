/** Transactions: what became of each request, under the key by which a repeated request is recognised. */
import type { Insertable, Selectable } from 'kysely';
import type { PollKey, RequestKey, StoredTransaction, TransactionKey } from '../core/records.ts';
import { certificateInRow } from './stored-certificates.ts';
import { decodeIssuance, encodeIssuance } from './issuance-codec.ts';
import { prepared } from './prepared.ts';
import { newId } from './row-ids.ts';
import type { Database, TransactionTable } from './tables.ts';

/** Sorts after every hexadecimal digit where text is ordered by its octets: in SQLite, and in PostgreSQL with collation "C". */
const AFTER_DIGITS = 'g';

const byKey = prepared((db, { key }: { key: TransactionKey }) =>
  db.selectFrom('transactions').selectAll().where('key', '=', key),
);
const byRequest = prepared((db, { request, key }: { request: RequestKey; key: TransactionKey }) =>
  db
    .selectFrom('transactions')
    .selectAll()
    .where((where) => where.or([where('request', '=', request), where('request', '=', key)])),
);
const beginningWith = prepared((db, { request, end, key }: { request: RequestKey; end: string; key: TransactionKey }) =>
  db
    .selectFrom('transactions')
    .selectAll()
    .where((where) =>
      where.or([where.and([where('request', '>=', request), where('request', '<', end)]), where('request', '=', key)]),
    ),
);
const insert = prepared((db, row: Insertable<TransactionTable>) => db.insertInto('transactions').values(row));

/** By its whole key, with its certificate. */
export async function findTransaction(db: Database, key: TransactionKey): Promise<StoredTransaction | undefined> {
  const { rows } = await byKey(db, { key });
  return rows[0] && fromRow(db, rows[0]);
}

/** Exactly this one, or else the newest that begins with it; an earlier version wrote the key where the request stands now. */
export async function findRequest(
  db: Database,
  request: RequestKey,
  key: TransactionKey,
): Promise<StoredTransaction | undefined> {
  const { rows } = await beginningWith(db, { request, end: request + AFTER_DIGITS, key });
  const [newest] = rows.toSorted((a, b) => b.id - a.id);
  const row = rows.find((each) => each.request === request) ?? newest;
  return row && fromRow(db, row);
}

/** A transaction and its row. */
export type TransactionInRow = { row: number; transaction: StoredTransaction };

/** Of exactly this request: the one whose place another one can take. */
export async function findSameRequest(
  db: Database,
  { request, key }: Pick<StoredTransaction, 'request' | 'key'>,
): Promise<TransactionInRow | undefined> {
  const { rows } = await byRequest(db, { request, key });
  return rows[0] && { row: rows[0].id, transaction: await fromRow(db, rows[0]) };
}

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
 * Puts it in the place of `existing`, which the caller has read and found replaceable. It is a new row, and only what was
 * read is removed, so that the unique index, and not an earlier read, decides between two processes that replace or
 * decide the same one. `certificate` is the row of its certificate, if it has one.
 */
export async function replaceTransaction(
  tx: Database,
  transaction: StoredTransaction,
  { existing, certificate }: { existing: TransactionInRow | undefined; certificate?: number },
): Promise<void> {
  if (existing) {
    const { row, transaction: found } = existing;
    await tx.deleteFrom('transactions').where('id', '=', row).where('state', '=', found.state).execute();
  }
  await insert(tx, { ...newId(tx), ...toRow(transaction, certificate) });
}

const toRow = (transaction: StoredTransaction, certificate: number | undefined): Insertable<TransactionTable> => ({
  key: transaction.key,
  request: transaction.request,
  nonces: transaction.nonces.join(),
  endpoint: transaction.endpoint,
  transaction_id: transaction.transactionId,
  signer: transaction.signer,
  subject: transaction.subject,
  state: transaction.state,
  reason: transaction.reason ?? null,
  csr: transaction.csr ?? null,
  issuance: transaction.issuance ? encodeIssuance(transaction.issuance) : null,
  signed_by: transaction.signedBy ?? null,
  created_at: transaction.createdAt.getTime(),
  updated_at: transaction.updatedAt.getTime(),
  certificate_id: certificate ?? null,
});

/** A row with its certificate. */
export async function fromRow(db: Database, row: Selectable<TransactionTable>): Promise<StoredTransaction> {
  const certificate = row.certificate_id === null ? undefined : await certificateInRow(db, row.certificate_id);
  return {
    key: row.key,
    request: row.request,
    nonces: row.nonces === '' ? [] : row.nonces.split(','),
    endpoint: row.endpoint,
    transactionId: row.transaction_id,
    signer: row.signer,
    subject: row.subject,
    state: row.state,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.csr === null ? {} : { csr: row.csr }),
    ...(row.issuance === null ? {} : { issuance: decodeIssuance(row.issuance) }),
    ...(row.signed_by === null ? {} : { signedBy: row.signed_by }),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    ...(certificate ? { certificate } : {}),
  };
}
