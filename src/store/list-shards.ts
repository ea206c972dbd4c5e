/** The shards of the revocation list of each CA. */
import type { Shards } from '../core/records.ts';
import type { Database } from './tables.ts';

/** What a list is found by in `revocation_lists`. */
export const listId = (issuerId: string, shard?: number): string =>
  shard === undefined ? issuerId : `${issuerId}/${shard}`;

/** Returns all that is known then. A CA that never had a shard has no row. */
export async function addShards(tx: Database, issuerId: string, { number, urls }: Shards): Promise<Shards> {
  const row = await tx.selectFrom('revocation_shards').selectAll().where('issuer_id', '=', issuerId).executeTakeFirst();
  const known = row ? (JSON.parse(row.urls) as string[]) : [];
  const all = { number: Math.max(number, row?.number ?? 0), urls: [...new Set([...known, ...urls])] };
  if (all.number === 0 || (row?.number === all.number && known.length === all.urls.length)) return all;
  const values = { issuer_id: issuerId, number: all.number, urls: JSON.stringify(all.urls) };
  await tx
    .insertInto('revocation_shards')
    .values(values)
    .onConflict((conflict) => conflict.column('issuer_id').doUpdateSet(values))
    .execute();
  return all;
}
