/** Rows that every issuance needs. Once committed they never change, so they are remembered instead of read each time. */
import type { Issuance } from '../core/store.ts';
import { findIssuer } from './issuers.ts';
import type { Database } from './tables.ts';

/** Endpoint names that are recorded, and the rows of issuers by their ids. Only what is committed is in them. */
export type CommittedRows = { endpoints: Set<string>; issuers: Map<string, number> };

/** Remembers what this issuance has committed. Does not throw: the issuance is durable, and the next one tries again. */
export async function remember(
  db: Database,
  { endpoints, issuers }: CommittedRows,
  { transaction, certificate: { issuerId } }: Issuance,
): Promise<void> {
  endpoints.add(transaction.endpoint);
  if (issuers.has(issuerId)) return;
  const id = await findIssuer(db, issuerId).catch(() => undefined);
  if (id !== undefined) issuers.set(issuerId, id);
}
