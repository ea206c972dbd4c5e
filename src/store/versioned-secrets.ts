/** Secrets that the servers of a database share, in base64. Sealing is the work of sealed-store.ts. */
import type { SecretStore, VersionedSecret } from '../core/store.ts';
import type { Database } from './tables.ts';

/** Undefined for one that was never written. */
export async function readSecret(db: Database, name: string): Promise<VersionedSecret | undefined> {
  const row = await db.selectFrom('secrets').select(['version', 'value']).where('name', '=', name).executeTakeFirst();
  return row && { version: row.version, value: new Uint8Array(Buffer.from(row.value, 'base64')) };
}

/** Returns false, and writes nothing, when another one has written this version. */
export async function writeSecret(
  tx: Database,
  { name, version, value: octets }: Parameters<SecretStore['writeSecret']>[0],
): Promise<boolean> {
  const value = Buffer.from(octets).toString('base64');
  if (version === 1) {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('secrets')
      .values({ name, version, value })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return Boolean(numInsertedOrUpdatedRows);
  }
  const { numUpdatedRows } = await tx
    .updateTable('secrets')
    .set({ version, value })
    .where('name', '=', name)
    .where('version', '=', version - 1)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
