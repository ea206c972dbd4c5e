/** Requests of Intune to revoke certificates, from their download until Intune has the answers. */
import type { Insertable, Selectable } from 'kysely';
import type { RevocationBatch, RevocationReport, WaitingRevocationRequest } from '../core/records.ts';
import { newId } from './row-ids.ts';
import type { Database, RevocationRequestTable } from './tables.ts';

/** When the last batch of this tenant was saved, an empty one too. */
export async function lastRevocationDownload(db: Database, tenant: string): Promise<Date | undefined> {
  const row = await db.selectFrom('revocation_downloads').select('at').where('tenant', '=', tenant).executeTakeFirst();
  return row && new Date(row.at);
}

/** A request that is there already stays as it is, with its result. */
export async function saveRevocationRequests(tx: Database, batch: RevocationBatch): Promise<void> {
  const at = batch.at.getTime();
  await tx
    .insertInto('revocation_downloads')
    .values({ tenant: batch.tenant, at })
    .onConflict((conflict) => conflict.column('tenant').doUpdateSet({ at }))
    .execute();
  for (const row of toRows(batch))
    await tx
      .insertInto('revocation_requests')
      .values({ ...newId(tx), ...row })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}

const toRows = ({ tenant, batch, at, requests }: RevocationBatch): Insertable<RevocationRequestTable>[] =>
  requests.map(({ requestContext, serialNumber, issuerName = null, caConfiguration = null }) => ({
    tenant,
    request_context: requestContext,
    batch,
    serial_number: serialNumber,
    issuer_name: issuerName,
    ca_configuration: caConfiguration,
    downloaded_at: at.getTime(),
  }));

/** In the order in which they came. */
export async function listRevocationRequests(db: Database, tenant: string): Promise<WaitingRevocationRequest[]> {
  const rows = await db
    .selectFrom('revocation_requests')
    .selectAll()
    .where('tenant', '=', tenant)
    .orderBy('id')
    .execute();
  return rows.map(fromRow);
}

const fromRow = (row: Selectable<RevocationRequestTable>): WaitingRevocationRequest => ({
  requestContext: row.request_context,
  serialNumber: row.serial_number,
  ...(row.issuer_name !== null && { issuerName: row.issuer_name }),
  ...(row.ca_configuration !== null && { caConfiguration: row.ca_configuration }),
  batch: row.batch,
  downloadedAt: new Date(row.downloaded_at),
  ...(row.result !== null && { result: JSON.parse(row.result) as RevocationReport }),
});

/** The result of one; the first one stays. */
export async function decideRevocationRequest(
  tx: Database,
  { tenant, requestContext }: { tenant: string; requestContext: string },
  result: RevocationReport,
): Promise<void> {
  await tx
    .updateTable('revocation_requests')
    .set({ result: JSON.stringify(result) })
    .where('tenant', '=', tenant)
    .where('request_context', '=', requestContext)
    .where('result', 'is', null)
    .execute();
}

/** Intune has the answers, or none is to be given. */
export async function removeRevocationRequests(
  tx: Database,
  tenant: string,
  requestContexts: readonly string[],
): Promise<void> {
  for (const requestContext of requestContexts)
    await tx
      .deleteFrom('revocation_requests')
      .where('tenant', '=', tenant)
      .where('request_context', '=', requestContext)
      .execute();
}
