/** The directories of the tenants: how each stands, and its objects. */
import type { Selectable } from 'kysely';
import type {
  DirectoryCount,
  DirectoryKey,
  DirectoryObject,
  DirectoryPage,
  DirectoryStanding,
  GoneObject,
} from '../core/tenant-directory.ts';
import type { AuditEntry } from '../core/records.ts';
import { addAudit } from './audit.ts';
import type { Database, DirectoryObjectTable, DirectoryStandingTable } from './tables.ts';

const NEVER: DirectoryStanding = { listing: 0, links: {}, error: '', waiting: 0, approved: 0, acceptsLoss: false };

/** As before the first listing when there is none. */
export async function directoryStanding(db: Database, tenant: string): Promise<DirectoryStanding> {
  const row = await db.selectFrom('directory_standings').selectAll().where('tenant', '=', tenant).executeTakeFirst();
  return row ? standingIn(row) : NEVER;
}

const standingIn = (row: Selectable<DirectoryStandingTable>): DirectoryStanding => ({
  listing: row.listing,
  links: JSON.parse(row.links) as DirectoryStanding['links'],
  error: row.error,
  waiting: row.waiting,
  approved: row.approved,
  acceptsLoss: row.accepts_loss === 1,
  ...(row.listed_at !== null && { listedAt: new Date(row.listed_at) }),
  ...(row.next_at !== null && { nextAt: new Date(row.next_at) }),
});

/** Replaces these fields; the others stay. */
export async function changeDirectoryStanding(
  tx: Database,
  tenant: string,
  { change, audit }: { change: Partial<DirectoryStanding>; audit: AuditEntry | undefined },
): Promise<void> {
  const row = rowOf({ ...(await directoryStanding(tx, tenant)), ...change });
  await tx
    .insertInto('directory_standings')
    .values({ tenant, ...row })
    .onConflict((conflict) => conflict.column('tenant').doUpdateSet(row))
    .execute();
  if (audit) await addAudit(tx, audit, {});
}

const rowOf = (standing: DirectoryStanding): Omit<DirectoryStandingTable, 'tenant'> => ({
  listing: standing.listing,
  listed_at: standing.listedAt?.getTime() ?? null,
  next_at: standing.nextAt?.getTime() ?? null,
  links: JSON.stringify(standing.links),
  error: standing.error,
  waiting: standing.waiting,
  approved: standing.approved,
  accepts_loss: standing.acceptsLoss ? 1 : 0,
});

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
