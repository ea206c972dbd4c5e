/** Orders at CAs elsewhere: see core/order-store.ts. */
import type { Selectable } from 'kysely';
import type { NewOrder, OrderState, StoredOrder } from '../core/order-store.ts';
import type { AuditEntry, OutboxStanding } from '../core/records.ts';
import { addAudit } from './audit.ts';
import { columnType, type Dialect } from './dialect.ts';
import { newId } from './row-ids.ts';
import type { Database, OrderTable } from './tables.ts';

/** A part of step 4 of the schema. */
export async function createOrders(db: Database, dialect: Dialect): Promise<void> {
  let table = db.schema.createTable('orders').addColumn('id', dialect.identity, (column) => column.primaryKey());
  for (const column of ['request_key', 'endpoint', 'transaction_id', 'public_key_hash', 'state'] as const)
    table = table.addColumn(column, 'text', (each) => each.notNull());
  await table.addColumn('at', columnType(dialect.moment), (column) => column.notNull()).execute();
  await db.schema.createIndex('orders_by_request').on('orders').column('request_key').execute();
}

/** As it is sent. */
export async function addOrder(tx: Database, order: NewOrder): Promise<void> {
  const { requestKey, endpoint, transactionId, publicKeyHash, at } = order;
  await tx
    .insertInto('orders')
    .values({
      ...newId(tx),
      request_key: requestKey,
      endpoint,
      transaction_id: transactionId,
      public_key_hash: publicKeyHash,
      state: 'sent',
      at: at.getTime(),
    })
    .execute();
}

/** See OrderStore. */
export async function endOrders(
  tx: Database,
  requestKey: string,
  { outcome, before }: { outcome: 'known' | 'orphan'; before?: Date | undefined },
): Promise<void> {
  const sent = tx.selectFrom('orders').select('id').where('request_key', '=', requestKey).where('state', '=', 'sent');
  const ended = before ? sent.where('at', '<', before.getTime()) : sent;
  await (outcome === 'known'
    ? tx.deleteFrom('orders').where('id', 'in', ended)
    : tx.updateTable('orders').set({ state: 'orphan' }).where('id', 'in', ended)
  ).execute();
}

/** See OrderStore. */
export async function countSent(db: Database, requestKey: string): Promise<number> {
  const rows = await db
    .selectFrom('orders')
    .select('id')
    .where('request_key', '=', requestKey)
    .where('state', '=', 'sent')
    .execute();
  return rows.length;
}

/** Oldest first. */
export async function listOrders(
  db: Database,
  { after = 0, limit }: { after?: number; limit: number },
): Promise<StoredOrder[]> {
  const rows = await db.selectFrom('orders').selectAll().where('id', '>', after).orderBy('id').limit(limit).execute();
  return rows.map(fromRow);
}

/** See OrderStore. */
export async function countOrders(db: Database): Promise<Record<OrderState, number>> {
  const rows = await db
    .selectFrom('orders')
    .select(({ fn }) => ['state', fn.countAll<number | bigint>().as('number')])
    .groupBy('state')
    .execute();
  const of = (state: OrderState): number => Number(rows.find((row) => row.state === state)?.number ?? 0);
  return { sent: of('sent'), orphan: of('orphan') };
}

/** The table is small: an order that is answered has no row. */
export async function orderStanding(db: Database, before: Date): Promise<OutboxStanding> {
  const { waiting, oldest } = await db
    .selectFrom('orders')
    .select(({ fn }) => [fn.countAll<number | bigint>().as('waiting'), fn.min('at').as('oldest')])
    .where((where) => where.or([where('state', '=', 'orphan'), where('at', '<', before.getTime())]))
    .executeTakeFirstOrThrow();
  return { waiting: Number(waiting), ...(oldest !== null && { oldest: new Date(oldest) }) };
}

/** See OrderStore. */
export async function removeOrder(tx: Database, id: number, audit: AuditEntry): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('orders').where('id', '=', id).executeTakeFirst();
  if (numDeletedRows > 0n) await addAudit(tx, audit, {});
  return numDeletedRows > 0n;
}

/** See OrderStore. */
export async function removeOrders(tx: Database, before: Date): Promise<number> {
  const { numDeletedRows } = await tx.deleteFrom('orders').where('at', '<', before.getTime()).executeTakeFirst();
  return Number(numDeletedRows);
}

const fromRow = (row: Selectable<OrderTable>): StoredOrder => ({
  id: row.id,
  requestKey: row.request_key,
  endpoint: row.endpoint,
  transactionId: row.transaction_id,
  publicKeyHash: row.public_key_hash,
  state: row.state,
  at: new Date(row.at),
});
