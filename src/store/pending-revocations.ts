/** Revocations that the CA of the certificate must still be told about. A row exists until the CA knows. */
import { type Selectable, sql } from 'kysely';
import type { AuditEntry, NewRevocation, PendingRevocation, WorkLease } from '../core/records.ts';
import { addAudit } from './audit.ts';
import { furthestDue, type LeaseMoments, leaseMoments } from './lease-end.ts';
import { prepared } from './prepared.ts';
import { newId } from './row-ids.ts';
import type { Database, Moment, OwedRevocationTable } from './tables.ts';

const ofHolds = sql<boolean>`reason in ('certificateHold', 'removeFromCRL')`;

/** To be told from `dueAt` on. A revocation for good takes the place of a hold and of its end: a CA may refuse these. */
export async function addPendingRevocation(tx: Database, revocation: NewRevocation, dueAt: Date): Promise<void> {
  const { endpoint, certificate, reference = null, reason, at } = revocation;
  if (reason !== 'certificateHold' && reason !== 'removeFromCRL')
    await tx
      .deleteFrom('owed_revocations')
      // By these the index of holds is found.
      .where(ofHolds)
      .where('id', '>', 0)
      .where('certificate', '=', certificate)
      .execute();
  await tx
    .insertInto('owed_revocations')
    .values({
      ...newId(tx),
      endpoint,
      certificate,
      reference,
      reason,
      revoked_at: at.getTime(),
      attempts: 0,
      due_at: dueAt.getTime(),
      fence: 0,
    })
    .execute();
}

/** For a certificate that has no row, with the audit entry about it. */
export async function queueRevocation(
  tx: Database,
  revocation: NewRevocation,
  { audit, dueAt }: { audit: AuditEntry | undefined; dueAt: Date },
): Promise<void> {
  await addPendingRevocation(tx, revocation, dueAt);
  if (audit) await addAudit(tx, audit, {});
}

const due = prepared((db, { now, furthest, limit }: LeaseMoments & { limit: number }) =>
  db
    .selectFrom('owed_revocations')
    .selectAll()
    .where('due_at', '<=', now)
    .where((eb) =>
      eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', now), eb('lease_until', '>', furthest)]),
    )
    // In the order in which they happened: a CA that learns late of the end of a hold would take back a later one.
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('owed_revocations as earlier')
            .select('earlier.id')
            .where(sql<boolean>`earlier.reason in ('certificateHold', 'removeFromCRL')`)
            .whereRef('earlier.id', '<', 'owed_revocations.id')
            .whereRef('earlier.certificate', '=', 'owed_revocations.certificate'),
        ),
      ),
    )
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit),
);
const dueAfterAll = prepared((db, { now, furthest }: { now: Moment; furthest: Moment }) =>
  db.updateTable('owed_revocations').set({ due_at: now }).where('due_at', '>', furthest),
);
// Compared with the fence that was read: of two owners that read the same row one gets it.
const take = prepared((db, taken: { id: number; fence: number; next: number; owner: string; until: Moment }) =>
  db
    .updateTable('owed_revocations')
    .set({ fence: taken.next, owner: taken.owner, lease_until: taken.until })
    .where('id', '=', taken.id)
    .where('fence', '=', taken.fence),
);

/** Takes those that are due and not leased, oldest first. The end of a hold waits for the hold. */
export async function claimRevocations(
  tx: Database,
  { owner, leaseMs, limit }: WorkLease & { limit: number },
  at: Date,
): Promise<PendingRevocation[]> {
  const now = at.getTime();
  await dueAfterAll(tx, { now, furthest: furthestDue(now) });
  const claimed: PendingRevocation[] = [];
  for (const row of (await due(tx, { ...leaseMoments(now), limit })).rows) {
    const next = row.fence + 1;
    const taken = await take(tx, { id: row.id, fence: row.fence, next, owner, until: now + leaseMs });
    if (taken.numAffectedRows) claimed.push({ ...fromRow(row), fence: next });
  }
  return claimed;
}

const fromRow = (row: Selectable<OwedRevocationTable>): PendingRevocation => ({
  id: row.id,
  fence: row.fence,
  endpoint: row.endpoint,
  certificate: row.certificate,
  ...(row.reference === null ? {} : { reference: row.reference }),
  reason: row.reason,
  at: new Date(row.revoked_at),
  attempts: row.attempts,
  dueAt: new Date(row.due_at),
  ...(row.last_error === null ? {} : { lastError: row.last_error }),
});

/** The CA knows. Returns false when the fence is old or the revocation is done. */
export async function revocationDone(tx: Database, id: number, fence: number): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('owed_revocations')
    .where('id', '=', id)
    .where('fence', '=', fence)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends the lease. Returns false when the fence is old or the revocation is done. */
export async function postponeRevocation(
  tx: Database,
  { id, fence }: { id: number; fence: number },
  { dueAt, error }: { dueAt: Date; error: string },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('owed_revocations')
    .set((row) => ({
      attempts: row('attempts', '+', 1),
      due_at: dueAt.getTime(),
      owner: null,
      lease_until: null,
      last_error: error,
    }))
    .where('id', '=', id)
    .where('fence', '=', fence)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
