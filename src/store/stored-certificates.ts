/** Certificates: recorded once, moved only forward (issued → delivered → revoked, or issued → revoked), never deleted. */
import type { Insertable } from 'kysely';
import type { CertificateId, CertificateName, StoredCertificate } from '../core/records.ts';
import { fromRow, selectCertificates, toRow, unrecorded } from './certificate-rows.ts';
import { Taken } from './dialect.ts';
import { prepared } from './prepared.ts';
import { isNumbered, newId } from './row-ids.ts';
import { isShared } from './row-locks.ts';
import { insertNames } from './searchable-names.ts';
import { certificateRow, rowsOfRenewals, rowsOfSerial, takeSerial } from './serials.ts';
import type { CertificateTable, Database, Moment } from './tables.ts';
import { together } from './together.ts';

const byId = prepared((db, { id }: { id: number }) => selectCertificates(db).where('certificates.id', '=', id));
// Where there is a table of serial numbers, it has refused a second one before.
const insert = prepared((db, row: Insertable<CertificateTable>) =>
  db
    .insertInto('certificates')
    .values(row)
    .$if(!isNumbered(db), (query) =>
      query.onConflict((conflict) => conflict.columns(['serial', 'issuer']).doNothing()),
    ),
);
const deliver = prepared((db, { id, at }: { id: number; at: Moment }) =>
  db
    .updateTable('certificates')
    .set({ state: 'delivered', delivered_at: at })
    .where('id', '=', id)
    .where('state', '=', 'issued'),
);

/** `issuerId` and `serial` are all that is looked at. */
export async function findCertificate(db: Database, id: CertificateId): Promise<StoredCertificate | undefined> {
  const row = await certificateRow(db, id);
  return row === undefined ? undefined : certificateInRow(db, row);
}

/** The certificate of this row. */
export async function certificateInRow(db: Database, id: number): Promise<StoredCertificate | undefined> {
  const { rows } = await byId(db, { id });
  return rows[0] && fromRow(rows[0]);
}

/** Those of these rows, one after the other: there are few. */
async function inRows(db: Database, rows: readonly number[]): Promise<StoredCertificate[]> {
  const found: StoredCertificate[] = [];
  for (const row of rows) found.push(...(await byId(db, { id: row })).rows.map(fromRow));
  return found;
}

/** One for each issuer, the newest first. */
export const findCertificatesBySerial = async (db: Database, serial: string): Promise<StoredCertificate[]> =>
  inRows(db, await rowsOfSerial(db, serial));

/** Rows are numbered from 1. */
const NO_ROW = 0;

/** Those that renew it directly, the newest first. */
export async function findRenewals(db: Database, id: CertificateId): Promise<StoredCertificate[]> {
  const row = (await certificateRow(db, id)) ?? NO_ROW;
  return inRows(db, await rowsOfRenewals(db, row, unrecorded(id)));
}

// One lock for all that are not recorded: few certificates of an earlier CA are.
const lock = prepared((db, { id }: { id: number }) =>
  db.selectFrom('certificates').select('id').where('id', '=', id).forNoKeyUpdate(),
);
const lockUnrecorded = prepared((db) => db.selectFrom('schema_version').select('id').forNoKeyUpdate());

/** Lets one process at a time count the renewals of a certificate and add one. */
async function lockRenewals(tx: Database, id: CertificateId): Promise<void> {
  if (!isShared(tx)) return;
  const row = await certificateRow(tx, id);
  await (row === undefined ? lockUnrecorded(tx, {}) : lock(tx, { id: row }));
}

/** Those that renew it directly, without those that were never delivered. No other process adds one before the commit. */
export async function countRenewals(tx: Database, id: CertificateId): Promise<number> {
  await lockRenewals(tx, id);
  const renewals = await findRenewals(tx, id);
  return renewals.filter(({ state, deliveredAt }) => state !== 'revoked' || deliveredAt !== undefined).length;
}

/**
 * Records a certificate and its names, and returns its row. `issuer` is the row of its issuer. Throws when its issuer has
 * given out the serial number before: that issuer is broken (RFC 5280 4.1.2.2).
 */
export async function insertCertificate(
  tx: Database,
  certificate: StoredCertificate,
  { issuer, names }: { issuer: number; names: readonly CertificateName[] },
): Promise<number> {
  const renews = certificate.renews ? ((await certificateRow(tx, certificate.renews)) ?? null) : null;
  const row = toRow(certificate, { issuer, renews });
  const { id } = newId(tx);
  const inserted = await (id === undefined
    ? insertCounted(tx, row, names)
    : insertNumbered(tx, { id, ...row }, { id, names }));
  if (inserted === undefined) throw new Taken(duplicateSerial(certificate));
  return inserted;
}

type Row = Insertable<CertificateTable>;
type Names = readonly CertificateName[];

/** The database gives the row its number. Returns undefined when the serial number is taken. */
async function insertCounted(tx: Database, row: Row, names: Names): Promise<number | undefined> {
  const { numAffectedRows, insertId } = await insert(tx, row);
  if (numAffectedRows === 0n) return undefined;
  await insertNames(tx, Number(insertId), names);
  return Number(insertId);
}

/** Returns undefined when the serial number is taken: then the transaction is to be undone. */
async function insertNumbered(
  tx: Database,
  row: Row,
  { id, names }: { id: number; names: Names },
): Promise<number | undefined> {
  const { issuer, serial, renews = null, renews_unrecorded = null } = row;
  const [isFree] = await together(tx, [
    () => takeSerial(tx, { certificate_id: id, issuer, serial, renews, renews_unrecorded }),
    () => insert(tx, row),
    () => insertNames(tx, id, names),
  ]);
  return isFree ? id : undefined;
}

const duplicateSerial = ({ serial, issuer }: StoredCertificate): string =>
  `The serial number ${serial} of "${issuer}" is recorded already, so the new certificate was not recorded. ` +
  'An issuer must never give out a serial number twice: check how this one chooses them.';

/** The certificate may be sent to its device from now on. Nothing happens unless it is `issued`. */
export async function markDelivered(tx: Database, id: number, at: Date): Promise<void> {
  await deliver(tx, { id, at: at.getTime() });
}
