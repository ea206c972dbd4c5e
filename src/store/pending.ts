/** Transactions that wait: for an administrator, for a service that could not be reached, or for the CA. */
import { sql } from 'kysely';
import { blocksPending, LIFECYCLE } from '../core/lifecycle.ts';
import type { AuditEntry, PendingIssuance, StoredTransaction, TransactionKey } from '../core/records.ts';
import type { Pending, PendingResult } from '../core/store.ts';
import { addAudit } from './audit.ts';
import { consume, isConsumed } from './consumed-challenges.ts';
import { encodeIssuance } from './issuance-codec.ts';
import { noteEndpoint } from './endpoint-names.ts';
import type { Database } from './tables.ts';
import { findSameRequest, fromRow, replaceTransaction } from './transactions.ts';

/** Oldest first. */
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

/** Writes it unless its request has a transaction that still stands, or its challenge is used up. */
export async function recordPending(tx: Database, pending: Pending): Promise<PendingResult> {
  const { transaction, audit, consumes } = pending;
  const existing = await findSameRequest(tx, transaction);
  if (existing && blocksWaiting(existing, pending)) return { kind: 'duplicate', existing };
  if (consumes !== undefined && (await isConsumed(tx, consumes))) return { kind: 'consumed' };

  const createdAt = existing?.createdAt ?? audit.at;
  const waiting = { ...transaction, state: 'pending' as const, createdAt, updatedAt: audit.at };
  await replaceTransaction(tx, waiting, { existing });
  await noteEndpoint(tx, transaction.endpoint);
  if (consumes !== undefined) await consume(tx, consumes, audit.at);
  await addAudit(tx, audit);
  return { kind: 'recorded' };
}

/** Whether the recorded transaction stays, and this one is a duplicate of it. */
const blocksWaiting = (existing: StoredTransaction, { transaction: { reason }, supersedes }: Pending): boolean =>
  blocksPending(existing, { superseded: existing.certificate?.serial === supersedes, reason });

/** Returns false when it does not wait for the CA. It keeps its place among those that wait. */
export async function postponeIssuance(
  tx: Database,
  key: TransactionKey,
  { issuance, at }: { issuance: PendingIssuance; at: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('transactions')
    .set({ issuance: encodeIssuance(issuance), updated_at: at.getTime() })
    .where('key', '=', key)
    .where('state', '=', 'pending')
    .where('reason', '=', 'issuer')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Returns false when it is not pending. The CSR of a rejected request is erased. */
export async function decidePending(
  tx: Database,
  key: TransactionKey,
  decision: 'approved' | 'rejected',
  audit: AuditEntry,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('transactions')
    .set({
      state: decision,
      updated_at: audit.at.getTime(),
      ...(LIFECYCLE[decision].request === 'erased' && { csr: null, issuance: null }),
    })
    .where('key', '=', key)
    .where('state', '=', 'pending')
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await addAudit(tx, audit);
  return true;
}

/** Removes it while it is pending. */
export async function withdrawPending(tx: Database, key: TransactionKey): Promise<void> {
  await tx.deleteFrom('transactions').where('key', '=', key).where('state', '=', 'pending').execute();
}

/** Erases CSRs whose challenge has expired, and removes requests that were not decided or not collected in time. */
export async function forgetRequests(tx: Database, unreachableBefore: Date, anyBefore: Date): Promise<void> {
  await tx
    .updateTable('transactions')
    .set({ csr: null })
    .where(sql<boolean>`state = 'pending'`)
    .where('reason', '=', 'unreachable')
    .where('csr', 'is not', null)
    .where('created_at', '<', unreachableBefore.getTime())
    .execute();
  for (const waits of [sql<boolean>`state = 'pending'`, sql<boolean>`state = 'approved'`])
    await tx.deleteFrom('transactions').where(waits).where('created_at', '<', anyBefore.getTime()).execute();
}
