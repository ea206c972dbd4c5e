/**
 * Notifications that are still owed. The payload holds a secret (see notification-codec.ts), so a row exists exactly as long as its
 * notification is owed: accepted or abandoned, it is deleted in the same transaction, and SQLite's secure_delete overwrites
 * the freed bytes. Until the next checkpoint the write-ahead log, a file of mode 0600, can still hold an older page.
 */
import type { Insertable } from 'kysely';
import type { AuditEntry, PendingNotification } from '../core/records.ts';
import type { Notification } from '../core/notification.ts';
import { addAudit } from './audit.ts';
import { markDelivered, markRevoked } from './certificates.ts';
import { decodeNotification, encodeNotification } from './notification-codec.ts';
import { prepared } from './prepared.ts';
import type { Database, NotificationTable } from './tables.ts';

type Mode = PendingNotification['mode'];

const insert = prepared((db, row: Insertable<NotificationTable>) =>
  db.insertInto('notices').values(row).returning('id'),
);
const remove = prepared((db, { id }: { id: number }) => db.deleteFrom('notices').where('id', '=', id));

/** Owed from `dueAt` on. Returns its number. */
export async function addNotification(
  tx: Database,
  owed: { notification: Notification; mode: Mode; dueAt: Date },
): Promise<number> {
  const { notification, mode, dueAt } = owed;
  const { rows } = await insert(tx, {
    mode,
    payload: encodeNotification(notification),
    attempts: 0,
    due_at: dueAt.getTime(),
  });
  const [row] = rows;
  if (!row) throw new Error('The store gave the notification no number, so it was not recorded.');
  return row.id;
}

/** Oldest first. */
export async function dueNotifications(
  db: Database,
  mode: Mode,
  now: Date,
  limit: number,
): Promise<PendingNotification[]> {
  const rows = await db
    .selectFrom('notices')
    .selectAll()
    .where('mode', '=', mode)
    .where('due_at', '<=', now.getTime())
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(({ id, mode, payload, attempts, due_at }) => ({
    id,
    notification: decodeNotification(payload),
    mode,
    attempts,
    dueAt: new Date(due_at),
  }));
}

export async function postponeNotification(tx: Database, id: number, dueAt: Date): Promise<void> {
  await tx
    .updateTable('notices')
    .set((row) => ({ attempts: row('attempts', '+', 1), due_at: dueAt.getTime() }))
    .where('id', '=', id)
    .execute();
}

/** Nothing happens when the notification is done already: of two words on one notification the first counts. */
export async function acceptNotification(
  tx: Database,
  id: number,
  serial: string | undefined,
  audit: AuditEntry,
): Promise<void> {
  if (!(await removeNotification(tx, id))) return;
  if (serial !== undefined) await markDelivered(tx, serial, audit.at);
  await addAudit(tx, audit);
}

/** Nothing happens when the notification is done already: of two words on one notification the first counts. */
export async function abandonNotification(
  tx: Database,
  id: number,
  serial: string | undefined,
  audit: AuditEntry,
): Promise<void> {
  if (!(await removeNotification(tx, id))) return;
  if (serial !== undefined)
    await markRevoked(tx, { serial, from: ['issued'], at: audit.at, reason: 'cessationOfOperation' });
  await addAudit(tx, audit);
}

async function removeNotification(tx: Database, id: number): Promise<boolean> {
  const { numAffectedRows } = await remove(tx, { id });
  return numAffectedRows !== 0n;
}
