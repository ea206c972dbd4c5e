/** Revoked certificates, and the narrow rows that revocation lists are made from. */
import { defined } from '../core/defined.ts';
import { type Selectable, sql } from 'kysely';
import type { OrderReason, RevocationReason } from '../core/issuer.ts';
import type { AuditEntry, CertificateId, RevocationStatus, RevokedCertificate } from '../core/records.ts';
import type { TellIssuer } from '../core/store.ts';
import { addAudit } from './audit.ts';
import { certificateRow } from './serials.ts';
import { findIssuer } from './issuers.ts';
import { addPendingRevocation } from './pending-revocations.ts';
import { prepared } from './prepared.ts';
import { raiseRevision } from './revisions.ts';
import type { CertificateTable, Database } from './tables.ts';

const COLUMNS = ['certificate_id', 'serial', 'revoked_at', 'reason', 'not_after', 'crl_shard'] as const;

const listed = prepared((db, page: { issuer: number; after: number; limit: number }) =>
  db
    .selectFrom('revocations')
    .select(COLUMNS)
    .where('issuer', '=', page.issuer)
    .where('certificate_id', '>', page.after)
    .orderBy('certificate_id')
    .limit(page.limit),
);
const listedInShard = prepared((db, page: { issuer: number; after: number; limit: number; shard: number }) =>
  db
    .selectFrom('revocations')
    .select(COLUMNS)
    .where('issuer', '=', page.issuer)
    .where('crl_shard', '=', page.shard)
    // By this the index of what has a shard is found.
    .where('crl_shard', '>', sql<number>`0`)
    .where('certificate_id', '>', page.after)
    .orderBy('certificate_id')
    .limit(page.limit),
);

/** Of this issuer or shard, in the order in which the certificates were recorded. */
export async function listRevoked(
  db: Database,
  issuerId: string,
  { after = 0, limit, shard }: { after?: number; limit: number; shard?: number },
): Promise<RevokedCertificate[]> {
  const issuer = await findIssuer(db, issuerId);
  if (issuer === undefined) return [];
  const page = { issuer, after, limit };
  const { rows } = shard === undefined ? await listed(db, page) : await listedInShard(db, { ...page, shard });
  return rows.map(({ certificate_id, serial, revoked_at, reason, not_after, crl_shard }) => ({
    id: certificate_id,
    serial,
    revokedAt: new Date(revoked_at),
    reason,
    notAfter: new Date(not_after),
    crlShard: crl_shard,
  }));
}

const status = prepared((db, { issuerId, serial }: CertificateId) =>
  db
    .selectFrom('serials')
    .innerJoin('issuers', 'issuers.id', 'serials.issuer')
    .leftJoin('revocations', 'revocations.certificate_id', 'serials.certificate_id')
    .select(['revocations.revoked_at', 'revocations.reason'])
    .where('issuers.issuer_id', '=', issuerId)
    .where('serials.serial', '=', serial),
);

/** Over indexes alone, in one statement: the certificate itself is not read. */
export async function revocationStatus(
  db: Database,
  { issuerId, serial }: CertificateId,
): Promise<RevocationStatus | undefined> {
  const [row] = (await status(db, { issuerId, serial })).rows;
  if (!row) return undefined;
  const { revoked_at, reason } = row;
  return revoked_at === null || reason === null ? 'good' : { at: new Date(revoked_at), reason };
}

/** One revocation, which happens only to a certificate in one of the states `from`; `held`: revoked and on hold. */
export type RevocationEntry = TellIssuer & {
  from: readonly ('issued' | 'delivered' | 'held')[];
  reason: RevocationReason;
  at: Date;
};

/** One that waits for its delivery may be revoked for good meanwhile, so it cannot be on hold. */
const REVOCABLE = ['issued', 'delivered', 'held'] as const;
const HOLDABLE = ['delivered'] as const;

/** Returns false, and writes nothing, when there is no such certificate or it is revoked already. */
export async function revoke(
  tx: Database,
  certificate: CertificateId,
  revocation: { reason: RevocationReason; audit: AuditEntry } & TellIssuer,
): Promise<boolean> {
  const { reason, audit, tellIssuer = false } = revocation;
  const id = await certificateRow(tx, certificate);
  const from = reason === 'certificateHold' ? HOLDABLE : REVOCABLE;
  const done = id !== undefined && (await markRevoked(tx, id, { from, reason, at: audit.at, tellIssuer }));
  if (done) await addAudit(tx, audit, { certificate: id });
  return done;
}

/** Returns false, and writes nothing, when the certificate in this row is in none of the states. */
export async function markRevoked(tx: Database, id: number, revocation: RevocationEntry): Promise<boolean> {
  const { from, at, reason, tellIssuer } = revocation;
  const revoked_at = at.getTime();
  const row =
    (await tx
      .updateTable('certificates')
      .set({ state: 'revoked', revoked_at, revocation_reason: reason })
      .where('id', '=', id)
      .where(
        'state',
        'in',
        from.filter((state) => state !== 'held'),
      )
      .returning(TOLD)
      .executeTakeFirst()) ?? (from.includes('held') ? await fromHold(tx, id, reason) : undefined);
  if (!row) return false;
  const { issuer, serial, not_after, crl_shard, public_key_hash } = row;
  await tx
    .insertInto('revocations')
    .values({ certificate_id: id, issuer, serial, revoked_at, reason, not_after, crl_shard })
    .onConflict((conflict) => conflict.column('certificate_id').doUpdateSet({ reason }))
    .execute();
  await raiseRevision(tx, issuer, crl_shard);
  if (reason === 'keyCompromise') await noteCompromised(tx, public_key_hash);
  if (tellIssuer) await tellLater(tx, row, { reason, at });
  return true;
}

const TOLD = ['issuer', 'serial', 'not_after', 'crl_shard', 'endpoint', 'der', 'reference', 'public_key_hash'] as const;
type ToldRow = Pick<Selectable<CertificateTable>, (typeof TOLD)[number]>;

/** The date of a revocation that follows a hold is that of the hold: the certificate was not good since then. */
const fromHold = (tx: Database, id: number, reason: RevocationReason): Promise<ToldRow | undefined> =>
  tx
    .updateTable('certificates')
    .set({ revocation_reason: reason })
    .where('id', '=', id)
    .where('state', '=', 'revoked')
    .where('revocation_reason', '=', 'certificateHold')
    .returning(TOLD)
    .executeTakeFirst();

/** Without its DER it has ended long ago, and its CA takes no revocation of it any more. */
async function tellLater(
  tx: Database,
  { endpoint, der, ...row }: ToldRow,
  { reason, at }: { reason: OrderReason; at: Date },
): Promise<void> {
  const reference = row.reference ?? undefined;
  if (der) await addPendingRevocation(tx, { endpoint, certificate: der, ...defined({ reference }), reason, at }, at);
}

/** Returns false, and writes nothing, when there is no such certificate or it is not on hold. */
export async function release(
  tx: Database,
  certificate: CertificateId,
  { audit, tellIssuer = false }: { audit: AuditEntry } & TellIssuer,
): Promise<boolean> {
  const id = (await certificateRow(tx, certificate)) ?? 0;
  const row = await tx
    .updateTable('certificates')
    .set({ state: 'delivered', revoked_at: null, revocation_reason: null })
    .where('id', '=', id)
    .where('state', '=', 'revoked')
    .where('revocation_reason', '=', 'certificateHold')
    .returning(TOLD)
    .executeTakeFirst();
  if (!row) return false;
  await tx.deleteFrom('revocations').where('certificate_id', '=', id).execute();
  await raiseRevision(tx, row.issuer, row.crl_shard);
  if (tellIssuer) await tellLater(tx, row, { reason: 'removeFromCRL', at: audit.at });
  await addAudit(tx, audit, { certificate: id });
  return true;
}

async function noteCompromised(tx: Database, public_key_hash: string): Promise<void> {
  await tx
    .insertInto('compromised_keys')
    .values({ public_key_hash })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

const compromised = prepared((db, { key }: { key: string }) =>
  db.selectFrom('compromised_keys').select('public_key_hash').where('public_key_hash', '=', key),
);

/** Whether a certificate with this key was revoked for keyCompromise. */
export const isCompromised = async (db: Database, key: string): Promise<boolean> =>
  (await compromised(db, { key })).rows.length > 0;
