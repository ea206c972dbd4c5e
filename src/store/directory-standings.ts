/** How the directory of each tenant stands: one row for a tenant. */
import type { Selectable } from 'kysely';
import type { DirectoryStanding } from '../core/tenant-directory.ts';
import type { AuditEntry } from '../core/records.ts';
import { addAudit } from './audit.ts';
import { isShared } from './row-locks.ts';
import type { Database, DirectoryStandingTable } from './tables.ts';

const NEVER: DirectoryStanding = {
  listing: 0,
  links: {},
  error: '',
  waiting: 0,
  countedAt: 0,
  approved: 0,
  acceptsLoss: false,
};

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
  countedAt: row.counted_at,
  approved: row.approved,
  acceptsLoss: row.accepts_loss === 1,
  ...(row.listed_at !== null && { listedAt: new Date(row.listed_at) }),
  ...(row.next_at !== null && { nextAt: new Date(row.next_at) }),
});

/** Until the transaction ends, no other one changes what the directory of this tenant has revoked and may revoke. */
export async function lockDirectory(tx: Database, tenant: string): Promise<void> {
  if (isShared(tx))
    await tx.selectFrom('directory_standings').select('tenant').where('tenant', '=', tenant).forNoKeyUpdate().execute();
}

/** Replaces these fields; the others stay. */
export async function changeDirectoryStanding(
  tx: Database,
  tenant: string,
  { change, audit }: { change: Partial<DirectoryStanding>; audit: AuditEntry | undefined },
): Promise<void> {
  await lockDirectory(tx, tenant);
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
  counted_at: standing.countedAt,
  approved: standing.approved,
  accepts_loss: standing.acceptsLoss ? 1 : 0,
});
