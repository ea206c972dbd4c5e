/** The rows of certificates by their serial numbers and by what they renew: one index, however many parts certificates have. */
import type { Insertable } from 'kysely';
import type { CertificateId } from '../core/records.ts';
import { prepared } from './prepared.ts';
import { isNumbered } from './row-ids.ts';
import type { Database, SerialTable } from './tables.ts';

const byIdentity = prepared((db, { issuerId, serial }: CertificateId) =>
  db
    .selectFrom('serials')
    .innerJoin('issuers', 'issuers.id', 'serials.issuer')
    .select('certificate_id as id')
    .where('issuers.issuer_id', '=', issuerId)
    .where('serials.serial', '=', serial),
);
const bySerial = prepared((db, { serial }: { serial: string }) =>
  db.selectFrom('serials').select('certificate_id as id').where('serial', '=', serial),
);
// By both: a certificate of an earlier CA can be recorded after it was renewed.
const byRenewed = prepared((db, { row, identity }: { row: number; identity: string }) =>
  db
    .selectFrom('serials')
    .select('certificate_id as id')
    .where((where) => where.or([where('renews', '=', row), where('renews_unrecorded', '=', identity)])),
);
const insert = prepared((db, row: Insertable<SerialTable>) =>
  db
    .insertInto('serials')
    .values(row)
    .onConflict((conflict) => conflict.columns(['serial', 'issuer']).doNothing()),
);

/** The row of a certificate. */
export async function certificateRow(db: Database, { issuerId, serial }: CertificateId): Promise<number | undefined> {
  const { rows } = await byIdentity(db, { issuerId, serial });
  return rows[0]?.id;
}

/** One row for each issuer, the newest first. */
export const rowsOfSerial = async (db: Database, serial: string): Promise<number[]> =>
  newestFirst((await bySerial(db, { serial })).rows);

/** Of those that renew the certificate in this row or of this identity, the newest first. */
export const rowsOfRenewals = async (db: Database, row: number, identity: string): Promise<number[]> =>
  newestFirst((await byRenewed(db, { row, identity })).rows);

const newestFirst = (rows: readonly { id: number }[]): number[] => rows.map(({ id }) => id).toSorted((a, b) => b - a);

/** Returns false when the issuer has given out the serial number before. */
export async function takeSerial(tx: Database, row: Insertable<SerialTable>): Promise<boolean> {
  const { numAffectedRows } = await insert(tx, row);
  return numAffectedRows !== 0n;
}

/** The certificates of an issuer are of another one from now on. */
export async function moveSerials(tx: Database, from: number, to: number): Promise<void> {
  if (isNumbered(tx)) await tx.updateTable('serials').set({ issuer: to }).where('issuer', '=', from).execute();
}
