/** The block list. Every request asks whether it has an entry, and for its own names if so: what it asks is prepared. */
import type { Selectable } from 'kysely';
import type { AuditEntry, BlockEntry, BlockName } from '../core/records.ts';
import type { KeyStanding } from '../core/store.ts';
import { addNamedAudit } from './audit.ts';
import { prepared } from './prepared.ts';
import type { BlockTable, Database } from './tables.ts';

/** Nearly every request has fewer names. */
const USUAL = 16;

/** By how many names are looked for. */
const prepare = (count: number) =>
  prepared((db, names: readonly BlockName[]) =>
    db
      .selectFrom('blocks')
      .selectAll()
      .where(
        'name',
        'in',
        Array.from({ length: count }, (_, at) => names[at] as BlockName),
      )
      .limit(1),
  );
const lookups = Array.from({ length: USUAL + 1 }, (_, count) => prepare(count));

const standing = prepared((db, { key }: { key: string }) =>
  db.selectNoFrom((build) => [
    build
      .exists(build.selectFrom('compromised_keys').select('public_key_hash').where('public_key_hash', '=', key))
      .as('compromised'),
    build.exists(build.selectFrom('blocks').select('name')).as('blocks'),
  ]),
);

/** Read afresh at each request, because another process may have added the first entry. */
export async function keyStanding(db: Database, key: string): Promise<KeyStanding> {
  const { rows } = await standing(db, { key });
  return { isCompromised: Boolean(rows[0]?.compromised), hasBlocks: Boolean(rows[0]?.blocks) };
}

/** One of these that the list has. */
export async function findBlock(db: Database, names: readonly BlockName[]): Promise<BlockEntry | undefined> {
  if (names.length === 0) return undefined;
  const lookup = lookups[names.length] ?? prepare(names.length);
  const [row] = (await lookup(db, names)).rows;
  return row && fromRow(row);
}

const fromRow = ({ name, at, actor, comment }: Selectable<BlockTable>): BlockEntry => ({
  name,
  at: new Date(at),
  by: actor,
  ...(comment !== null && { comment }),
});

/** Returns false, and writes nothing, when the list has it. */
export async function addBlock(tx: Database, entry: BlockEntry, audit: AuditEntry): Promise<boolean> {
  const { name, at, by: actor, comment = null } = entry;
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('blocks')
    .values({ name, at: at.getTime(), actor, comment })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (!numInsertedOrUpdatedRows) return false;
  await addNamedAudit(tx, audit);
  return true;
}

/** Returns false, and writes nothing, when the list does not have it. */
export async function removeBlock(tx: Database, name: BlockName, audit: AuditEntry): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('blocks').where('name', '=', name).executeTakeFirst();
  if (!numDeletedRows) return false;
  await addNamedAudit(tx, audit);
  return true;
}

/** In the order of their names. */
export const listBlocks = async (db: Database): Promise<BlockEntry[]> =>
  (await db.selectFrom('blocks').selectAll().orderBy('name').execute()).map(fromRow);
