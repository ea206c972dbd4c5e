/** The chain as verification reads it. */
import type { AuditChainStore, AuditLink, UnchainedEntries } from '../core/audit-chain.ts';
import { entriesOf, hex } from './chained-entries.ts';
import type { Database } from './tables.ts';

/** See AuditChainStore. */
export async function listLinks(
  db: Database,
  { after, limit }: Parameters<AuditChainStore['listLinks']>[0],
): Promise<AuditLink[]> {
  const links = await db
    .selectFrom('audit_chain')
    .selectAll()
    .where('number', '>', after)
    .orderBy('number')
    .limit(limit)
    .execute();
  const found = await entriesOf(
    db,
    links.map(({ entry }) => entry),
  );
  const entries = new Map(found.map((entry) => [entry.id, entry]));
  return links.map(({ number, hash, salt, personal, entry: id }) => {
    const entry = entries.get(id);
    return {
      number,
      hash: hex(hash),
      ...(salt && { salt: hex(salt) }),
      ...(personal && { personal: hex(personal) }),
      ...(entry && { entry }),
    };
  });
}

/** See AuditChainStore. One pass over both tables. */
export async function unchained(db: Database, limit: number): Promise<UnchainedEntries> {
  const { waiting } = await db
    .selectFrom('audit_unchained')
    .select(({ fn }) => fn.countAll<number>().as('waiting'))
    .executeTakeFirstOrThrow();
  const strays = await db
    .selectFrom('audit')
    .leftJoin('audit_chain', 'audit_chain.entry', 'audit.id')
    .leftJoin('audit_unchained', 'audit_unchained.id', 'audit.id')
    .select('audit.id')
    .where('audit_chain.entry', 'is', null)
    .where('audit_unchained.id', 'is', null)
    .orderBy('audit.id')
    .limit(limit)
    .execute();
  const gone = await db
    .selectFrom('audit_unchained')
    .leftJoin('audit', 'audit.id', 'audit_unchained.id')
    .select('audit_unchained.id')
    .where('audit.id', 'is', null)
    .orderBy('audit_unchained.id')
    .limit(limit)
    .execute();
  return { waiting, strays: strays.map(({ id }) => id), gone: gone.map(({ id }) => id) };
}
