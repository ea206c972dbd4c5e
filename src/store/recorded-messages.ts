/** Messages: one row for each receiver of each, which stays as the history of its delivery. */
import type { Selectable } from 'kysely';
import type { Message } from '../core/operator-message.ts';
import type {
  DeliveryResult,
  MessageFilter,
  NewMessage,
  ReceiverStanding,
  StoredMessage,
} from '../core/message-store.ts';
import { newId } from './row-ids.ts';
import type { Database, MessageTable } from './tables.ts';

/** Characters of an error that are kept. */
const LONGEST_ERROR = 500;

/** Due at once. */
export async function enqueueMessages(
  tx: Database,
  messages: readonly NewMessage[],
  { at, place }: { at: Date; place: { source: string; value: string } | undefined },
): Promise<void> {
  const now = at.getTime();
  for (const { receiver, message } of messages)
    await tx
      .insertInto('messages')
      .values({
        ...newId(tx),
        receiver,
        kind: message.kind,
        body: JSON.stringify(message),
        state: 'waiting',
        created_at: now,
        attempts: 0,
        due_at: now,
        done_at: null,
        last_error: null,
      })
      .execute();
  if (!place) return;
  await tx
    .insertInto('message_places')
    .values(place)
    .onConflict((conflict) => conflict.column('source').doUpdateSet({ value: place.value }))
    .execute();
}

/** Undefined before the first one. */
export async function messagePlace(db: Database, source: string): Promise<string | undefined> {
  const row = await db.selectFrom('message_places').select('value').where('source', '=', source).executeTakeFirst();
  return row?.value;
}

/** Those that wait and are due. */
export async function dueMessages(db: Database, limit: number, at: Date): Promise<StoredMessage[]> {
  const rows = await db
    .selectFrom('messages')
    .selectAll()
    .where('state', '=', 'waiting')
    .where('due_at', '<=', at.getTime())
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(fromRow);
}

/** Returns false when it does not wait any more. */
export async function recordDelivery(tx: Database, id: number, { result, at }: { result: DeliveryResult; at: Date }) {
  const { numUpdatedRows } = await tx
    .updateTable('messages')
    .set((row) => ({
      state: result.state,
      attempts: row('attempts', '+', 1),
      ...(result.state === 'waiting' ? { due_at: result.dueAt.getTime() } : { done_at: at.getTime() }),
      last_error: result.state === 'delivered' ? null : result.error.slice(0, LONGEST_ERROR),
    }))
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Newest first. */
export async function listMessages(db: Database, filter: MessageFilter): Promise<StoredMessage[]> {
  const { receiver, state, kind, before, limit } = filter;
  const rows = await db
    .selectFrom('messages')
    .selectAll()
    .$if(receiver !== undefined, (query) => query.where('receiver', '=', receiver ?? ''))
    .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'waiting'))
    .$if(kind !== undefined, (query) => query.where('kind', '=', kind ?? 'test'))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? 0))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(fromRow);
}

/** Returns how many are due now. */
export async function retryMessages(tx: Database, ids: readonly number[] | 'all', at: Date): Promise<number> {
  if (ids.length === 0) return 0;
  const { numUpdatedRows } = await tx
    .updateTable('messages')
    .set({ state: 'waiting', due_at: at.getTime(), done_at: null })
    .where('state', '!=', 'delivered')
    .$if(ids !== 'all', (query) => query.where('id', 'in', ids === 'all' ? [] : [...ids]))
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Returns how many were removed. */
export async function removeMessages(tx: Database, before: Date, receivers: readonly string[]): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('messages')
    .where((eb) =>
      eb.or([
        eb('done_at', '<', before.getTime()),
        eb.and([eb('state', '=', 'waiting'), eb('receiver', 'not in', [...receivers, ''])]),
      ]),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** One for each receiver for which a message waits. */
export async function messageStandings(db: Database): Promise<ReceiverStanding[]> {
  const rows = await db
    .selectFrom('messages')
    .select(({ fn }) => ['receiver', fn.countAll<number | string>().as('waiting'), fn.min('created_at').as('oldest')])
    .where('state', '=', 'waiting')
    .groupBy('receiver')
    .orderBy('receiver')
    .execute();
  return rows.map(({ receiver, waiting, oldest }) => ({
    receiver,
    waiting: Number(waiting),
    oldest: new Date(oldest),
  }));
}

const fromRow = (row: Selectable<MessageTable>): StoredMessage => ({
  id: row.id,
  receiver: row.receiver,
  message: JSON.parse(row.body) as Message,
  state: row.state,
  createdAt: new Date(row.created_at),
  attempts: row.attempts,
  dueAt: new Date(row.due_at),
  ...(row.done_at !== null && { doneAt: new Date(row.done_at) }),
  ...(row.last_error !== null && { lastError: row.last_error }),
});
