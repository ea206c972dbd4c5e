/** Certificates: recorded once, moved only forward (issued → delivered → revoked, or issued → revoked), never deleted. */
import { type Insertable, type Selectable, sql } from 'kysely';
import type { RevocationReason } from '../core/issuer.ts';
import type { CertificateFilter } from '../core/store.ts';
import type { CertificateState, StoredCertificate } from '../core/records.ts';
import { prepared } from './prepared.ts';
import type { CertificateTable, Database, Moment } from './tables.ts';

const bySerial = prepared((db, { serial }: { serial: string }) =>
  db.selectFrom('certificates').selectAll().where('serial', '=', serial),
);
const insert = prepared((db, row: Insertable<CertificateTable>) =>
  db
    .insertInto('certificates')
    .values(row)
    .onConflict((conflict) => conflict.column('serial').doNothing()),
);
const deliver = prepared((db, { serial, at }: { serial: string; at: Moment }) =>
  db
    .updateTable('certificates')
    .set({ state: 'delivered', delivered_at: at })
    .where('serial', '=', serial)
    .where('state', '=', 'issued'),
);

export async function findCertificate(db: Database, serial: string): Promise<StoredCertificate | undefined> {
  const { rows } = await bySerial(db, { serial });
  return rows[0] && fromRow(rows[0]);
}

/** Newest first. */
export async function listCertificates(db: Database, filter: CertificateFilter): Promise<StoredCertificate[]> {
  const { endpoint, state, subject, limit, after } = filter;
  const rows = await db
    .selectFrom('certificates')
    .selectAll()
    .$if(endpoint !== undefined, (query) => query.where('endpoint', '=', endpoint ?? ''))
    .$if(state !== undefined, (query) => query.where(isState(state ?? 'issued')))
    .$if(subject !== undefined, (query) => query.where(containsSubject(subject ?? '')))
    .$if(after !== undefined, (query) =>
      query.where('id', '<', (nested) =>
        nested
          .selectFrom('certificates as last')
          .select('last.id')
          .where('last.serial', '=', after ?? ''),
      ),
    )
    .orderBy('id', 'desc')
    .$if(limit !== undefined, (query) => query.limit(limit ?? 0))
    .execute();
  return rows.map(fromRow);
}

const revoked = prepared((db, _none: object) =>
  db
    .selectFrom('certificates')
    .select((count) => count.fn.countAll<number | string>().as('number'))
    .where(isState('revoked')),
);

/** Over the index that holds only the revoked ones. */
export async function countRevoked(db: Database): Promise<number> {
  const { rows } = await revoked(db, {});
  return Number(rows[0]?.number ?? 0);
}

// In the text of the query and no parameter, because only so it matches the condition of a partial index.
const isState = (state: CertificateState) => sql<boolean>`state = ${sql.lit(state)}`;

// LIKE has two wildcards of its own, which in a subject are ordinary characters.
const containsSubject = (text: string) =>
  sql<boolean>`subject_folded like ${`%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`} escape '\\'`;

/** Throws when the serial number exists: an issuer that gives one out twice is broken (RFC 5280 4.1.2.2). */
export async function insertCertificate(tx: Database, certificate: StoredCertificate): Promise<void> {
  const { numAffectedRows } = await insert(tx, toRow(certificate));
  if (numAffectedRows === 0n) throw new Error(repeated(certificate));
}

const repeated = ({ serial, issuer }: StoredCertificate): string =>
  `Serial number ${serial} is recorded already, so the new certificate of "${issuer}" was not. ` +
  'The issuer must never give a serial number out twice: look at how it chooses them.';

/** The certificate may be sent to its device from now on. Nothing happens unless it is `issued`. */
export async function markDelivered(tx: Database, serial: string, at: Date): Promise<void> {
  await deliver(tx, { serial, at: at.getTime() });
}

/** Returns false, and changes nothing, when no such certificate is in one of the states `from`. */
export async function markRevoked(
  tx: Database,
  revocation: { serial: string; from: ('issued' | 'delivered')[]; at: Date; reason: RevocationReason },
): Promise<boolean> {
  const { serial, from, at, reason } = revocation;
  const { numUpdatedRows } = await tx
    .updateTable('certificates')
    .set({ state: 'revoked', revoked_at: at.getTime(), revocation_reason: reason })
    .where('serial', '=', serial)
    .where('state', 'in', from)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

const toRow = (certificate: StoredCertificate): Insertable<CertificateTable> => ({
  serial: certificate.serial,
  endpoint: certificate.endpoint,
  transaction_id: certificate.transactionId,
  subject: certificate.subject,
  subject_folded: certificate.subject.toLowerCase(),
  issuer: certificate.issuer,
  thumbprint: certificate.thumbprint,
  der: certificate.der,
  not_before: certificate.notBefore.getTime(),
  not_after: certificate.notAfter.getTime(),
  state: certificate.state,
  issued_at: certificate.issuedAt.getTime(),
  delivered_at: certificate.deliveredAt?.getTime() ?? null,
  revoked_at: certificate.revokedAt?.getTime() ?? null,
  revocation_reason: certificate.revocationReason ?? null,
});

const fromRow = (row: Selectable<CertificateTable>): StoredCertificate => ({
  serial: row.serial,
  endpoint: row.endpoint,
  transactionId: row.transaction_id,
  subject: row.subject,
  issuer: row.issuer,
  thumbprint: row.thumbprint,
  der: row.der,
  notBefore: new Date(row.not_before),
  notAfter: new Date(row.not_after),
  state: row.state,
  issuedAt: new Date(row.issued_at),
  ...(row.delivered_at === null ? {} : { deliveredAt: new Date(row.delivered_at) }),
  ...(row.revoked_at === null ? {} : { revokedAt: new Date(row.revoked_at) }),
  ...(row.revocation_reason === null ? {} : { revocationReason: row.revocation_reason }),
});
