/** The chain as verification reads it. */
import { sql } from 'kysely';
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
  const strays = await straysOf(db, limit);
  const gone = await db
    .selectFrom('audit_unchained')
    .leftJoin('audit', 'audit.id', 'audit_unchained.id')
    .select('audit_unchained.id')
    .where('audit.id', 'is', null)
    .orderBy('audit_unchained.id')
    .limit(limit)
    .execute();
  return { waiting, strays, gone: gone.map(({ id }) => id) };
}

/** Entries that are looked at in one statement: SQLite lets nothing else happen meanwhile. */
const AT_ONCE = 20_000;

/** Those that have no link and wait for none. Between its statements other work has its turn. */
async function straysOf(db: Database, limit: number): Promise<number[]> {
  const strays: number[] = [];
  for (let after = -1; strays.length < limit; ) {
    const { rows } = await sql<{ last: number | null }>`select max(id) as last
      from (select id from audit where id > ${after} order by id limit ${AT_ONCE}) as next`.execute(db);
    const last = rows[0]?.last ?? null;
    if (last === null) break;
    const found = await db
      .selectFrom('audit')
      .leftJoin('audit_chain', 'audit_chain.entry', 'audit.id')
      .leftJoin('audit_unchained', 'audit_unchained.id', 'audit.id')
      .select('audit.id')
      .where('audit.id', '>', after)
      .where('audit.id', '<=', last)
      .where('audit_chain.entry', 'is', null)
      .where('audit_unchained.id', 'is', null)
      .orderBy('audit.id')
      .limit(limit - strays.length)
      .execute();
    strays.push(...found.map(({ id }) => id));
    after = last;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return strays;
}
