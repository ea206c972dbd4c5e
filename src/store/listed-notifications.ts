/** What an administrator sees of the notifications that are not done, and makes due. */
import type { ListedNotification, OutboxStanding } from '../core/records.ts';
import { leaseMoments } from './lease-end.ts';
import { decodeNotification } from './notification-codec.ts';
import type { Database } from './tables.ts';

/** Of both modes, the oldest first; only the one with this `id`, if it is given. */
export async function listNotifications(
  db: Database,
  { id, limit }: { id?: number; limit: number },
): Promise<ListedNotification[]> {
  const rows = await db
    .selectFrom('notifications')
    .leftJoin('serials', 'serials.certificate_id', 'notifications.certificate_id')
    .leftJoin('issuers', 'issuers.id', 'serials.issuer')
    .selectAll('notifications')
    .select(['serials.serial', 'issuers.issuer_id'])
    .$if(id !== undefined, (query) => query.where('notifications.id', '=', id ?? 0))
    .orderBy('notifications.id')
    .limit(limit)
    .execute();
  return rows.map((row) => {
    const { kind, endpoint, transactionId } = decodeNotification(row.payload);
    return {
      id: row.id,
      fence: row.fence,
      kind,
      endpoint,
      transactionId,
      ...(row.issuer_id !== null &&
        row.serial !== null && {
          certificate: { issuerId: row.issuer_id, serial: row.serial },
        }),
      mode: row.mode,
      attempts: row.attempts,
      createdAt: new Date(row.created_at),
      dueAt: new Date(row.due_at),
      ...(row.last_error !== null && { lastError: row.last_error }),
    };
  });
}

/** Returns how many became due; one that an owner has a lease on is left alone. */
export async function retryNotifications(tx: Database, ids: readonly number[] | 'all', at: Date): Promise<number> {
  if (ids.length === 0) return 0;
  const { now, furthest } = leaseMoments(at.getTime());
  const { numUpdatedRows } = await tx
    .updateTable('notifications')
    .set({ due_at: now })
    .$if(ids !== 'all', (query) => query.where('id', 'in', ids === 'all' ? [] : [...ids]))
    .where((eb) =>
      eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', now), eb('lease_until', '>', furthest)]),
    )
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Ids grow with time, so the first is the oldest. Both numbers are of an index alone, and one row is read. */
export async function outboxStanding(db: Database): Promise<OutboxStanding> {
  const { waiting, first } = await db
    .selectFrom('notifications')
    .select(({ fn }) => [fn.countAll<number | string>().as('waiting'), fn.min('id').as('first')])
    .where('mode', '=', 'outbox')
    .executeTakeFirstOrThrow();
  if (first === null) return { waiting: 0 };
  const oldest = await db.selectFrom('notifications').select('created_at').where('id', '=', first).executeTakeFirst();
  return { waiting: Number(waiting), ...(oldest && { oldest: new Date(oldest.created_at) }) };
}
