/** Transactions that wait: for an administrator, for a service that could not be reached, or for the CA. */
import { sql } from 'kysely';
import { blocksPending, LIFECYCLE } from '../core/lifecycle.ts';
import type { AuditEntry, PendingIssuance, PendingReason, StoredTransaction, TransactionKey } from '../core/records.ts';
import type { Forgetting, Pending, PendingResult, PostponedIssuance } from '../core/store.ts';
import { addAudit } from './audit.ts';
import { usedChallenge } from './challenges.ts';
import { consume, giveBack, isConsumed } from './consumed-challenges.ts';
import { encodeIssuance } from './issuance-codec.ts';
import { noteEndpoint } from './endpoint-names.ts';
import { addOrder } from './recorded-orders.ts';
import { prepared } from './prepared.ts';
import type { Database, TransactionTable } from './tables.ts';
import { findSameRequest, fromRow, replaceTransaction } from './transactions.ts';

/** Every column but the CSR and the certificate that signed it. */
const WITHOUT_CSR = [
  'id',
  'key',
  'request',
  'nonces',
  'endpoint',
  'transaction_id',
  'signer',
  'subject',
  'state',
  'reason',
  'issuance',
  'created_at',
  'updated_at',
  'certificate_id',
] as const satisfies readonly (keyof TransactionTable)[];

/** Oldest first, without their CSRs and the certificates that signed them. */
export async function listPending(db: Database): Promise<StoredTransaction[]> {
  const rows = await db
    .selectFrom('transactions')
    .select(WITHOUT_CSR)
    // In the text of the query and no parameter, because only so it matches the condition of the partial index.
    .where(sql<boolean>`state = 'pending'`)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return Promise.all(rows.map((row) => fromRow(db, { ...row, csr: null, signed_by: null })));
}

/** In one pass over the partial index of those that wait. */
export async function countPending(db: Database): Promise<{ endpoint: string; number: number }[]> {
  const rows = await db
    .selectFrom('transactions')
    .select(({ fn }) => ['endpoint', fn.countAll<number | string>().as('number')])
    .where(sql<boolean>`state = 'pending'`)
    .groupBy('endpoint')
    .orderBy('endpoint')
    .execute();
  return rows.map(({ endpoint, number }) => ({ endpoint, number: Number(number) }));
}

/** Writes it unless its request has a transaction that still stands, or its challenge is used up. */
export async function recordPending(tx: Database, pending: Pending): Promise<PendingResult> {
  const { transaction, audit, consumes } = pending;
  const found = await findSameRequest(tx, transaction);
  const existing = found?.transaction;
  if (existing && blocksWaiting(existing, pending)) return { kind: 'duplicate', existing };
  if (consumes !== undefined && (await isConsumed(tx, consumes))) return { kind: 'consumed' };
  if (!existing && (await isFull(tx, pending))) return { kind: 'full' };

  const createdAt = existing?.createdAt ?? audit.at;
  const waiting = { ...transaction, state: 'pending' as const, createdAt, updatedAt: audit.at };
  await replaceTransaction(tx, waiting, { existing: found });
  await noteEndpoint(tx, transaction.endpoint);
  if (consumes !== undefined) await consume(tx, consumes, audit.at);
  if (pending.order) await addOrder(tx, pending.order);
  else if (transaction.reason !== 'unreachable')
    await addAudit(tx, audit, {
      request: transaction.request,
      ...(consumes !== undefined && { challenge: await usedChallenge(tx, consumes) }),
    });
  return { kind: 'recorded' };
}

/** In the text of the query and no parameter, because only so it matches the condition of the partial index. */
const waitsWithCsr = sql<boolean>`state = 'pending' and csr is not null`;

const waitingFor = prepared((db, { endpoint, reason }: { endpoint: string; reason: PendingReason }) =>
  db
    .selectFrom('transactions')
    .select(({ fn }) => fn.countAll<number | bigint>().as('number'))
    .where(waitsWithCsr)
    .where('reason', '=', reason)
    .where('endpoint', '=', endpoint),
);

async function isFull(tx: Database, { transaction, most }: Pending): Promise<boolean> {
  const { endpoint, reason } = transaction;
  if (most === undefined || reason === undefined) return false;
  const { rows } = await waitingFor(tx, { endpoint, reason });
  return Number(rows[0]?.number) >= most;
}

/** Whether the recorded transaction stays, and this one is a duplicate of it. */
const blocksWaiting = (existing: StoredTransaction, { transaction: { reason }, supersedes }: Pending): boolean =>
  blocksPending(existing, { superseded: existing.certificate?.serial === supersedes, reason });

/** Returns false when it does not wait for the CA, or was changed since. It keeps its place among those that wait. */
export async function postponeIssuance(
  tx: Database,
  key: TransactionKey,
  { issuance, at, seen, audit }: PostponedIssuance & { issuance: PendingIssuance; at: Date },
): Promise<boolean> {
  const changed = await tx
    .updateTable('transactions')
    .set({ issuance: encodeIssuance(issuance), updated_at: at.getTime() })
    .where('key', '=', key)
    .where('state', '=', 'pending')
    .where('reason', '=', 'issuer')
    .$if(seen !== undefined, (query) => query.where('updated_at', '=', seen?.getTime() ?? 0))
    .returning('request')
    .executeTakeFirst();
  if (changed && audit) await addAudit(tx, audit, changed);
  return changed !== undefined;
}

/** Returns false when it is not pending. The CSR of a rejected request is erased. */
export async function decidePending(
  tx: Database,
  key: TransactionKey,
  decision: 'approved' | 'rejected',
  audit: AuditEntry,
): Promise<boolean> {
  const decided = await tx
    .updateTable('transactions')
    .set({
      state: decision,
      updated_at: audit.at.getTime(),
      ...(LIFECYCLE[decision].request === 'erased' && { csr: null, issuance: null, signed_by: null }),
    })
    .where('key', '=', key)
    .where('state', '=', 'pending')
    .returning('request')
    .executeTakeFirst();
  if (!decided) return false;
  await addAudit(tx, audit, decided);
  return true;
}

/** Removes it while it is pending, and gives back the challenge. */
export async function withdrawPending(tx: Database, key: TransactionKey, gives?: string): Promise<void> {
  const { numDeletedRows } = await tx
    .deleteFrom('transactions')
    .where('key', '=', key)
    .where('state', '=', 'pending')
    .executeTakeFirst();
  if (numDeletedRows > 0n && gives !== undefined) await giveBack(tx, gives);
}

/**
 * Erases CSRs whose challenge has expired, and removes requests that were not decided or not collected in time. Returns
 * how many it was, `limit` at most: each octet of a CSR is overwritten, and nothing else happens meanwhile.
 */
export async function forgetRequests(tx: Database, before: Forgetting, limit: number): Promise<number> {
  const expired = tx
    .selectFrom('transactions')
    .select('id')
    .where(waitsWithCsr)
    .where('reason', '=', 'unreachable')
    .where('created_at', '<', before.unreachable.getTime())
    .limit(limit);
  // The condition again: another process may have decided about a request since.
  const erased = await tx
    .updateTable('transactions')
    .set({ csr: null })
    .where('id', 'in', expired)
    .where(waitsWithCsr)
    .executeTakeFirst();
  let done = Number(erased.numUpdatedRows);
  for (const [waits, since] of [
    [sql<boolean>`state = 'pending' and reason = 'unreachable' and csr is null`, before.erased],
    [sql<boolean>`state = 'pending'`, before.any],
    [sql<boolean>`state = 'approved'`, before.any],
  ] as const) {
    const old = tx
      .selectFrom('transactions')
      .select('id')
      .where(waits)
      .where('created_at', '<', since.getTime())
      .limit(limit - done);
    const removed = await tx.deleteFrom('transactions').where('id', 'in', old).where(waits).executeTakeFirst();
    done += Number(removed.numDeletedRows);
  }
  return done;
}
