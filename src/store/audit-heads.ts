/** What was stated about the chain, and where it ends. */
import type { Insertable, Selectable } from 'kysely';
import type { AuditChainStore, ChainPlace, StoredHead } from '../core/audit-chain.ts';
import { hex, ofHex } from './chained-entries.ts';
import type { AuditHeadTable, Database } from './tables.ts';

/** The last link or the end of what was removed, whichever is later: an earlier link can stay. Otherwise the beginning. */
export async function chainEnd(db: Database): Promise<ChainPlace | undefined> {
  const link = await db
    .selectFrom('audit_chain')
    .select(['number', 'hash'])
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  const removed = await lastRemoved(db);
  const place = link && link.number > (removed?.number ?? 0) ? link : removed;
  return place && { number: place.number, hash: hex(place.hash) };
}

const lastRemoved = (db: Database) =>
  db
    .selectFrom('audit_heads')
    .select(['number', 'hash'])
    .where('kind', '!=', 'newest')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();

/** See AuditChainStore. */
export async function listHeads(db: Database): Promise<StoredHead[]> {
  const rows = await db.selectFrom('audit_heads').selectAll().orderBy('number').orderBy('kind').execute();
  return rows.map(fromRow);
}

const fromRow = ({ signature, key, hash, at, ...row }: Selectable<AuditHeadTable>): StoredHead => ({
  ...row,
  hash: hex(hash),
  at: new Date(at),
  ...(signature !== null && key !== null && { signature: new Uint8Array(signature), key }),
});

/** The row of a head. */
export const headRow = ({ hash, at, signature, key, ...head }: StoredHead): Insertable<AuditHeadTable> => ({
  ...head,
  hash: ofHex(hash),
  at: at.getTime(),
  signature: signature ?? null,
  key: key ?? null,
});

/** See AuditChainStore. */
export async function saveHead(tx: Database, head: Parameters<AuditChainStore['saveHead']>[0]): Promise<void> {
  const newer = await tx
    .selectFrom('audit_heads')
    .select('number')
    .where('kind', '=', 'newest')
    .where('number', '>=', head.number)
    .executeTakeFirst();
  if (newer) return;
  await tx.deleteFrom('audit_heads').where('kind', '=', 'newest').execute();
  await tx
    .insertInto('audit_heads')
    .values(headRow({ ...head, kind: 'newest', first: 1 }))
    .execute();
}
