/**
 * Notifications that are not done. The payload holds a secret (see notification-codec.ts), so a row exists exactly until
 * its notification is acknowledged or abandoned: it is deleted in the same transaction, and SQLite's secure_delete
 * overwrites the freed bytes. Until the next checkpoint the write-ahead log, a file of mode 0600, can still hold an
 * older page.
 */
import { defined } from '../core/defined.ts';
import type { Insertable } from 'kysely';
import type { AuditEntry, PendingNotification, WorkClaim, WorkLease } from '../core/records.ts';
import type { Issuance, TellIssuer } from '../core/store.ts';
import { addAudit } from './audit.ts';
import { markDelivered } from './stored-certificates.ts';
import { decodeNotification, encodeNotification } from './notification-codec.ts';
import { furthestDue, type LeaseMoments, leaseMoments } from './lease-end.ts';
import { prepared } from './prepared.ts';
import { markRevoked } from './revocations.ts';
import { newId } from './row-ids.ts';
import type { Database, Moment, NotificationTable } from './tables.ts';
import { together } from './together.ts';

type Mode = PendingNotification['mode'];

const insert = prepared((db, row: Insertable<NotificationTable>) =>
  db.insertInto('notifications').values(row).returning(['id', 'fence']),
);
const remove = prepared((db, { id, fence }: WorkClaim) =>
  db.deleteFrom('notifications').where('id', '=', id).where('fence', '=', fence).returning('certificate_id'),
);

/** Due at once; `certificate` is the row of the certificate that it reports. Returns the claim on it. */
export async function addNotification(
  tx: Database,
  { notification, mode, lease }: NonNullable<Issuance['notification']>,
  { at, certificate = null }: { at: Date; certificate?: number | null },
): Promise<WorkClaim> {
  const { rows } = await insert(tx, {
    ...newId(tx),
    mode,
    payload: encodeNotification(notification),
    attempts: 0,
    created_at: at.getTime(),
    due_at: at.getTime(),
    last_error: null,
    certificate_id: certificate,
    owner: lease?.owner ?? null,
    lease_until: lease ? at.getTime() + lease.leaseMs : null,
    fence: 1,
  });
  const [row] = rows;
  if (!row) throw new Error('The database returned no id for the notification, so it was not recorded.');
  return { id: row.id, fence: row.fence };
}

const due = prepared((db, { mode, now, furthest, limit }: LeaseMoments & { mode: Mode; limit: number }) =>
  db
    .selectFrom('notifications')
    .leftJoin('serials', 'serials.certificate_id', 'notifications.certificate_id')
    .leftJoin('issuers', 'issuers.id', 'serials.issuer')
    .selectAll('notifications')
    .select(['serials.serial', 'issuers.issuer_id'])
    .where('mode', '=', mode)
    .where('due_at', '<=', now)
    .where((eb) =>
      eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', now), eb('lease_until', '>', furthest)]),
    )
    .orderBy('due_at')
    .orderBy('notifications.id')
    .limit(limit),
);
const dueAfterAll = prepared((db, { mode, now, furthest }: { mode: Mode; now: Moment; furthest: Moment }) =>
  db.updateTable('notifications').set({ due_at: now }).where('mode', '=', mode).where('due_at', '>', furthest),
);
// Compared with the fence that was read: of two owners that read the same row one gets it.
const take = prepared((db, taken: WorkClaim & { next: number; owner: string; until: Moment }) =>
  db
    .updateTable('notifications')
    .set({ fence: taken.next, owner: taken.owner, lease_until: taken.until })
    .where('id', '=', taken.id)
    .where('fence', '=', taken.fence),
);

/** Takes notifications of this mode that are due and not leased, oldest first. */
export async function claimNotifications(
  tx: Database,
  { owner, leaseMs, mode, limit }: WorkLease & { mode: Mode; limit: number },
  at: Date,
): Promise<PendingNotification[]> {
  const now = at.getTime();
  await dueAfterAll(tx, { mode, now, furthest: furthestDue(now) });
  const claimed: PendingNotification[] = [];
  for (const row of (await due(tx, { mode, ...leaseMoments(now), limit })).rows) {
    const { id, fence, serial, issuer_id } = row;
    const next = fence + 1;
    const taken = await take(tx, { id, fence, next, owner, until: now + leaseMs });
    if (!taken.numAffectedRows) continue;
    claimed.push({
      id,
      fence: next,
      notification: decodeNotification(row.payload),
      ...(issuer_id !== null && serial !== null && { certificate: { issuerId: issuer_id, serial } }),
      mode,
      attempts: row.attempts,
      createdAt: new Date(row.created_at),
      dueAt: new Date(row.due_at),
    });
  }
  return claimed;
}

/** Ends the lease. Returns false when the fence is old or the notification is done. */
export async function postponeNotification(
  tx: Database,
  { id, fence }: WorkClaim,
  { dueAt, error }: { dueAt: Date; error: string | undefined },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('notifications')
    .set((row) => ({
      attempts: row('attempts', '+', 1),
      due_at: dueAt.getTime(),
      last_error: error ?? null,
      owner: null,
      lease_until: null,
    }))
    .where('id', '=', id)
    .where('fence', '=', fence)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Returns false, and writes nothing, when the fence is old or the notification is done. */
export async function acknowledgeNotification(tx: Database, claim: WorkClaim, audit: AuditEntry): Promise<boolean> {
  const done = await removeNotification(tx, claim);
  if (!done) return false;
  const { certificate } = done;
  await together(tx, [
    () => addAudit(tx, audit, defined({ certificate })),
    async () => certificate !== undefined && markDelivered(tx, certificate, audit.at),
  ]);
  return true;
}

/** Returns false, and writes nothing, when the fence is old or the notification is done. */
export async function abandonNotification(
  tx: Database,
  claim: WorkClaim,
  { audit, tellIssuer = false }: { audit: AuditEntry } & TellIssuer,
): Promise<boolean> {
  const done = await removeNotification(tx, claim);
  if (!done) return false;
  const reason = 'cessationOfOperation';
  if (done.certificate !== undefined)
    await markRevoked(tx, done.certificate, { from: ['issued'], at: audit.at, reason, tellIssuer });
  await addAudit(tx, audit, defined({ certificate: done.certificate }));
  return true;
}

/** Returns the row of the certificate that it reported, if any. */
async function removeNotification(
  tx: Database,
  { id, fence }: WorkClaim,
): Promise<{ certificate: number | undefined } | undefined> {
  const [row] = (await remove(tx, { id, fence })).rows;
  return row && { certificate: row.certificate_id ?? undefined };
}
