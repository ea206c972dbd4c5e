/** What the directory revokes: the bound of each tenant, and the certificates that can be revoked. */
import { sql } from 'kysely';
import type { LivePart, RevocationBound } from '../core/tenant-directory.ts';
import type { CertificateId } from '../core/records.ts';
import { lockDirectory } from './directory-standings.ts';
import type { Database, DirectoryRevocationTable } from './tables.ts';

/** Those of the ids that count already, and as many others as the bound has left. */
export async function takeRevocations(
  tx: Database,
  tenant: string,
  { ids, bound: { since, at, most } }: { ids: readonly CertificateId[]; bound: RevocationBound },
): Promise<CertificateId[]> {
  await lockDirectory(tx, tenant);
  await tx.deleteFrom('directory_revocations').where('tenant', '=', tenant).where('at', '<', since.getTime()).execute();
  let left = most - (await countTaken(tx, tenant, since));
  const taken: CertificateId[] = [];
  for (const { issuerId, serial } of ids) {
    const row = { tenant, issuer_id: issuerId, serial };
    if (!(await counts(tx, row))) {
      if (left <= 0) continue;
      await tx
        .insertInto('directory_revocations')
        .values({ ...row, at: at.getTime() })
        .execute();
      left--;
    }
    taken.push({ issuerId, serial });
  }
  return taken;
}

async function counts(tx: Database, row: Omit<DirectoryRevocationTable, 'at'>): Promise<boolean> {
  const { tenant, issuer_id, serial } = row;
  const found = await tx
    .selectFrom('directory_revocations')
    .select('serial')
    .where('tenant', '=', tenant)
    .where('issuer_id', '=', issuer_id)
    .where('serial', '=', serial)
    .executeTakeFirst();
  return found !== undefined;
}

/** How many were taken since this moment. */
export async function countTaken(db: Database, tenant: string, since: Date): Promise<number> {
  const { number } = await db
    .selectFrom('directory_revocations')
    .select(({ fn }) => fn.countAll<number | string>().as('number'))
    .where('tenant', '=', tenant)
    .where('at', '>=', since.getTime())
    .executeTakeFirstOrThrow();
  return Number(number);
}

/** Rows of certificates that one part reads: their pages are large, and the event loop waits meanwhile. */
const PART = 1000;

/** One part. `next` is absent after the last one. */
export async function countLive(
  db: Database,
  { endpoints, at, from }: LivePart,
): Promise<{ live: number; next?: number }> {
  if (endpoints.length === 0) return { live: 0 };
  const { seen, last, live } = await db
    .selectFrom((rows) =>
      rows
        .selectFrom('certificates')
        .select(['id', 'state', 'not_after', 'endpoint'])
        .where('id', '>', from)
        .orderBy('id')
        .limit(PART)
        .as('part'),
    )
    .select(({ fn }) => [fn.countAll<number | string>().as('seen'), fn.max<number | null>('id').as('last')])
    .select(({ fn }) =>
      fn
        .countAll<number | string>()
        .filterWhere('state', '!=', 'revoked')
        .filterWhere('not_after', '>', at.getTime())
        .filterWhere('endpoint', 'in', endpoints)
        .as('live'),
    )
    .executeTakeFirstOrThrow();
  return { live: Number(live), ...(last !== null && Number(seen) === PART && { next: last }) };
}

/** Names by which a certificate is matched with an object: as `namesOf` of manage/directory-revocation.ts. */
export async function countMatched(
  db: Database,
  tenant: string,
  { endpoints, at }: Pick<LivePart, 'endpoints' | 'at'>,
): Promise<number> {
  if (endpoints.length === 0) return 0;
  const { rows } = await sql<{ number: number | string }>`
    select count(distinct certificates.id) as number from (
      select names.certificate_id as id from directory_objects o join names
        on names.kind in ('intuneDeviceId', 'cn') and names.value = o.id
        where o.tenant = ${tenant} and o.kind = 'managed'
      union all
      select names.certificate_id from directory_objects o join names
        on names.kind in ('entraDeviceId', 'cn') and names.value = o.name
        where o.tenant = ${tenant} and o.kind in ('managed', 'device') and o.name <> ''
      union all
      select names.certificate_id from directory_objects o join names
        on names.kind in ('upn', 'cn') and names.value = o.name
        where o.tenant = ${tenant} and o.kind = 'user' and o.name <> ''
    ) named join certificates on certificates.id = named.id
    where certificates.state <> 'revoked' and certificates.not_after > ${at.getTime()}
      and certificates.endpoint in (${sql.join(endpoints)})`.execute(db);
  return Number(rows[0]?.number ?? 0);
}
