/** The devices and users of the directories, as the last complete listing of each had them. */
import type { Selectable } from 'kysely';
import type {
  DirectoryCount,
  DirectoryKey,
  DirectoryObject,
  DirectoryPage,
  GoneObject,
} from '../core/tenant-directory.ts';
import type { Database, DirectoryObjectTable } from './tables.ts';

/** In the order of their ids. */
export async function listDirectory(
  db: Database,
  tenant: string,
  { kind, after = '', limit }: DirectoryPage,
): Promise<DirectoryObject[]> {
  const rows = await db
    .selectFrom('directory_objects')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('kind', '=', kind)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(fromRow);
}

const fromRow = ({ kind, id, name, gone_since }: Selectable<DirectoryObjectTable>): DirectoryObject => ({
  kind,
  id,
  name,
  ...(gone_since !== null && { goneSince: gone_since }),
});

/** A hundred at most. */
export async function recordDirectory(
  tx: Database,
  tenant: string,
  objects: readonly DirectoryObject[],
): Promise<void> {
  if (objects.length === 0) return;
  await tx
    .insertInto('directory_objects')
    .values(objects.map(({ kind, id, name, goneSince = null }) => ({ tenant, kind, id, name, gone_since: goneSince })))
    .onConflict((conflict) =>
      conflict.columns(['tenant', 'kind', 'id']).doUpdateSet((row) => ({
        name: row.ref('excluded.name'),
        gone_since: row.ref('excluded.gone_since'),
      })),
    )
    .execute();
}

const FIRST: { kind: string; id: string } = { kind: '', id: '' };

/** Gone since before this listing; in the order of their kinds and ids. */
export async function listGone(
  db: Database,
  tenant: string,
  { before, after, limit }: { before: number; after?: DirectoryKey; limit: number },
): Promise<GoneObject[]> {
  const last = after ?? FIRST;
  const rows = await db
    .selectFrom('directory_objects as gone')
    .selectAll('gone')
    .select((row) =>
      row
        .exists(
          row
            .selectFrom('directory_objects as there')
            .select('there.id')
            .where('there.tenant', '=', tenant)
            .whereRef('there.kind', '=', 'gone.kind')
            .whereRef('there.name', '=', 'gone.name')
            .where('there.gone_since', 'is', null),
        )
        .as('returned'),
    )
    .where('gone.tenant', '=', tenant)
    .where('gone.gone_since', 'is not', null)
    .where('gone.gone_since', '<', before)
    .where((row) =>
      row.or([
        row('gone.kind', '>', last.kind as DirectoryKey['kind']),
        row.and([row('gone.kind', '=', last.kind as DirectoryKey['kind']), row('gone.id', '>', last.id)]),
      ]),
    )
    .orderBy('gone.kind')
    .orderBy('gone.id')
    .limit(limit)
    .execute();
  return rows.map(({ returned, ...row }) => ({
    ...fromRow(row),
    goneSince: row.gone_since ?? 0,
    nameReturned: Boolean(returned),
  }));
}

/** By kind. */
export async function countDirectory(db: Database, tenant: string): Promise<DirectoryCount[]> {
  const rows = await db
    .selectFrom('directory_objects')
    .select(({ fn }) => [
      'kind',
      fn.countAll<number | string>().as('all'),
      fn.count<number | string>('gone_since').as('gone'),
    ])
    .where('tenant', '=', tenant)
    .groupBy('kind')
    .orderBy('kind')
    .execute();
  return rows.map(({ kind, all, gone }) => ({ kind, there: Number(all) - Number(gone), gone: Number(gone) }));
}
