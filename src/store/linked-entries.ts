/** Links for the entries of the history. An entry is in `audit_unchained` from its commit on, until it has its link. */
import type { Insertable } from 'kysely';
import type { AuditChainStore, AuditLink, ChainedEntry, ChainPlace } from '../core/audit-chain.ts';
import type { RandomBytes } from '../core/environment.ts';
import { linkHash, personalHash } from '../audit/link-hash.ts';
import type { GroupCommit } from './batch.ts';
import { chainEnd } from './audit-heads.ts';
import { entriesOf, hex, ofHex } from './chained-entries.ts';
import type { AuditChainTable, Database } from './tables.ts';

/** Octets. Guesses at a name that was erased must fail. */
const SALT = 16;
const GENESIS = 32;

/** See AuditChainStore. */
export async function chainAudit(
  db: Database,
  write: GroupCommit['write'],
  { limit, random }: Parameters<AuditChainStore['chainAudit']>[0],
): Promise<boolean> {
  // Before the list is read: whoever links the same entries meanwhile moves the end, and then nothing is written.
  const end = (await chainEnd(db)) ?? (await write((tx) => begin(tx, random(GENESIS))));
  const entries = await waitingEntries(db, limit);
  if (entries.length === 0) return false;
  const links = linked(end, entries, random);
  const written = await write((tx) => append(tx, end, links));
  return !written || entries.length === limit;
}

async function begin(tx: Database, random: Uint8Array): Promise<ChainPlace> {
  const hash = Buffer.from(random);
  await tx
    .insertInto('audit_heads')
    .values({ kind: 'genesis', number: 0, first: 0, hash, at: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const end = await chainEnd(tx);
  if (!end) throw new Error('The chain of the history has no beginning after one was written.');
  return end;
}

/** One that waits and is gone is passed over: it stays in the list, where verification finds it. */
async function waitingEntries(db: Database, limit: number): Promise<ChainedEntry[]> {
  for (let after = -1; ; ) {
    const rows = await db
      .selectFrom('audit_unchained')
      .select('id')
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute();
    const ids = rows.map(({ id }) => id);
    const entries = await entriesOf(db, ids);
    const last = ids.at(-1);
    if (entries.length > 0 || last === undefined) return entries;
    after = last;
  }
}

type NewLink = AuditLink & { entry: ChainedEntry; salt: string };

function linked(end: ChainPlace, entries: readonly ChainedEntry[], random: RandomBytes): NewLink[] {
  let { number, hash } = end;
  return entries.map((entry) => {
    const salt = hex(random(SALT));
    number += 1;
    hash = linkHash({ number, before: hash, entry, personal: personalHash(salt, entry) });
    return { number, hash, salt, entry };
  });
}

/** Returns false, and writes nothing, when the chain ends elsewhere by now. */
async function append(tx: Database, end: ChainPlace, links: readonly NewLink[]): Promise<boolean> {
  const now = await chainEnd(tx);
  if (now?.number !== end.number) return false;
  for (const some of powersOfTwo(links)) {
    await tx.insertInto('audit_chain').values(some.map(row)).execute();
    const ids = some.map(({ entry }) => entry.id);
    await tx.deleteFrom('audit_unchained').where('id', 'in', ids).execute();
  }
  return true;
}

const row = ({ number, hash, salt, entry }: NewLink): Insertable<AuditChainTable> => ({
  number,
  entry: entry.id,
  hash: ofHex(hash),
  salt: ofHex(salt),
  personal: null,
});

/** In parts whose lengths are powers of two: the text of each statement is kept, and so there are few. */
function* powersOfTwo<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; ) {
    const length = 2 ** Math.floor(Math.log2(all.length - at));
    yield all.slice(at, at + length);
    at += length;
  }
}
