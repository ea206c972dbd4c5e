/** Certificates: recorded once, moved only forward (issued → delivered → revoked, or issued → revoked), never deleted. */
import type { Insertable } from 'kysely';
import type { CertificateId, CertificateName, StoredCertificate } from '../core/records.ts';
import { fromRow, selectCertificates, toRow, unrecorded } from './certificate-rows.ts';
import { Taken } from './dialect.ts';
import { prepared } from './prepared.ts';
import { isShared } from './row-locks.ts';
import { insertNames } from './searchable-names.ts';
import type { CertificateTable, Database, Moment } from './tables.ts';

const byId = prepared((db, { id }: { id: number }) => selectCertificates(db).where('certificates.id', '=', id));
const byIdentity = prepared((db, { issuerId, serial }: CertificateId) =>
  selectCertificates(db).where('certificates.serial', '=', serial).where('issuers.issuer_id', '=', issuerId),
);
const bySerial = prepared((db, { serial }: { serial: string }) =>
  selectCertificates(db).where('certificates.serial', '=', serial),
);
// By both: a certificate of an earlier CA can be recorded after it was renewed.
const byRenewed = prepared((db, { row, identity }: { row: number; identity: string }) =>
  selectCertificates(db).where((where) =>
    where.or([where('certificates.renews', '=', row), where('certificates.renews_unrecorded', '=', identity)]),
  ),
);
const rowOf = prepared((db, { issuerId, serial }: CertificateId) =>
  db
    .selectFrom('certificates')
    .innerJoin('issuers', 'issuers.id', 'certificates.issuer')
    .select('certificates.id')
    .where('issuers.issuer_id', '=', issuerId)
    .where('certificates.serial', '=', serial),
);
const insert = prepared((db, row: Insertable<CertificateTable>) =>
  db
    .insertInto('certificates')
    .values(row)
    .onConflict((conflict) => conflict.columns(['serial', 'issuer']).doNothing()),
);
// For a database that does not tell the id by itself. Not `returning`, with which SQLite plans a search for references.
const inserted = prepared((db, { issuer, serial }: { issuer: number; serial: string }) =>
  db.selectFrom('certificates').select('id').where('serial', '=', serial).where('issuer', '=', issuer),
);
const deliver = prepared((db, { id, at }: { id: number; at: Moment }) =>
  db
    .updateTable('certificates')
    .set({ state: 'delivered', delivered_at: at })
    .where('id', '=', id)
    .where('state', '=', 'issued'),
);

/** `issuerId` and `serial` are all that is looked at. */
export async function findCertificate(
  db: Database,
  { issuerId, serial }: CertificateId,
): Promise<StoredCertificate | undefined> {
  const { rows } = await byIdentity(db, { issuerId, serial });
  return rows[0] && fromRow(rows[0]);
}

/** The certificate of this row. */
export async function certificateInRow(db: Database, id: number): Promise<StoredCertificate | undefined> {
  const { rows } = await byId(db, { id });
  return rows[0] && fromRow(rows[0]);
}

/** One for each issuer, the newest first. */
export async function findCertificatesBySerial(db: Database, serial: string): Promise<StoredCertificate[]> {
  const { rows } = await bySerial(db, { serial });
  return rows.toSorted((a, b) => b.id - a.id).map(fromRow);
}

/** Rows are numbered from 1. */
const NO_ROW = 0;

/** Those that renew it directly, the newest first. */
export async function findRenewals(db: Database, id: CertificateId): Promise<StoredCertificate[]> {
  const row = (await certificateRow(db, id)) ?? NO_ROW;
  const { rows } = await byRenewed(db, { row, identity: unrecorded(id) });
  return rows.toSorted((a, b) => b.id - a.id).map(fromRow);
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

/** The row of a certificate. */
export async function certificateRow(db: Database, { issuerId, serial }: CertificateId): Promise<number | undefined> {
  const { rows } = await rowOf(db, { issuerId, serial });
  return rows[0]?.id;
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
  const { numAffectedRows, insertId } = await insert(tx, toRow(certificate, { issuer, renews }));
  if (numAffectedRows === 0n) throw new Taken(duplicateSerial(certificate));
  const id = Number(insertId ?? (await inserted(tx, { issuer, serial: certificate.serial })).rows[0]!.id);
  await insertNames(tx, id, names);
  return id;
}

const duplicateSerial = ({ serial, issuer }: StoredCertificate): string =>
  `The serial number ${serial} of "${issuer}" is recorded already, so the new certificate was not recorded. ` +
  'An issuer must never give out a serial number twice: check how this one chooses them.';

/** The certificate may be sent to its device from now on. Nothing happens unless it is `issued`. */
export async function markDelivered(tx: Database, id: number, at: Date): Promise<void> {
  await deliver(tx, { id, at: at.getTime() });
}
