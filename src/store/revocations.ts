/** Revoked certificates, and the narrow rows that revocation lists are made from. */
import { defined } from '../core/defined.ts';
import type { RevocationReason } from '../core/issuer.ts';
import type { AuditEntry, CertificateId, RevokedCertificate } from '../core/records.ts';
import type { TellIssuer } from '../core/store.ts';
import { addAudit } from './audit.ts';
import { certificateRow } from './serials.ts';
import { findIssuer } from './issuers.ts';
import { addPendingRevocation } from './pending-revocations.ts';
import { prepared } from './prepared.ts';
import type { Database } from './tables.ts';

const counted = prepared((db, { issuer }: { issuer: number }) =>
  db
    .selectFrom('revocations')
    .select((count) => count.fn.countAll<number | string>().as('number'))
    .where('issuer', '=', issuer),
);

/** Of this issuer, over the index alone. */
export async function countRevoked(db: Database, issuerId: string): Promise<number> {
  const issuer = await findIssuer(db, issuerId);
  const rows = issuer === undefined ? [] : (await counted(db, { issuer })).rows;
  return Number(rows[0]?.number ?? 0);
}

/** Of this issuer, in the order in which the certificates were recorded. */
export async function listRevoked(
  db: Database,
  issuerId: string,
  { after = 0, limit }: { after?: number; limit: number },
): Promise<RevokedCertificate[]> {
  const rows = await db
    .selectFrom('revocations')
    .selectAll()
    .where('issuer', '=', (await findIssuer(db, issuerId)) ?? 0)
    .where('certificate_id', '>', after)
    .orderBy('certificate_id')
    .limit(limit)
    .execute();
  return rows.map(({ certificate_id, serial, revoked_at, reason, not_after, crl_shard }) => ({
    id: certificate_id,
    serial,
    revokedAt: new Date(revoked_at),
    reason,
    notAfter: new Date(not_after),
    crlShard: crl_shard,
  }));
}

/** One revocation, which happens only to a certificate in one of the states `from`. */
export type RevocationEntry = TellIssuer & {
  from: ('issued' | 'delivered')[];
  reason: RevocationReason;
  at: Date;
};

/** Returns false, and writes nothing, when there is no such certificate or it is revoked already. */
export async function revoke(
  tx: Database,
  certificate: CertificateId,
  revocation: { reason: RevocationReason; audit: AuditEntry } & TellIssuer,
): Promise<boolean> {
  const { reason, audit, tellIssuer = false } = revocation;
  const id = await certificateRow(tx, certificate);
  const from: RevocationEntry['from'] = ['issued', 'delivered'];
  const done = id !== undefined && (await markRevoked(tx, id, { from, reason, at: audit.at, tellIssuer }));
  if (done) await addAudit(tx, audit, { certificate: id });
  return done;
}

/** Returns false, and writes nothing, when the certificate in this row is in none of the states. */
export async function markRevoked(tx: Database, id: number, revocation: RevocationEntry): Promise<boolean> {
  const { from, at, reason, tellIssuer } = revocation;
  const revoked_at = at.getTime();
  const row = await tx
    .updateTable('certificates')
    .set({ state: 'revoked', revoked_at, revocation_reason: reason })
    .where('id', '=', id)
    .where('state', 'in', from)
    .returning(['issuer', 'serial', 'not_after', 'crl_shard', 'endpoint', 'der', 'reference', 'public_key_hash'])
    .executeTakeFirst();
  if (!row) return false;
  const { issuer, serial, not_after, crl_shard, endpoint, der: certificate, public_key_hash } = row;
  const reference = row.reference ?? undefined;
  await tx
    .insertInto('revocations')
    .values({ certificate_id: id, issuer, serial, revoked_at, reason, not_after, crl_shard })
    .execute();
  if (reason === 'keyCompromise') await noteCompromised(tx, public_key_hash);
  // Without its DER it has ended long ago, and its CA takes no revocation of it any more.
  if (tellIssuer && certificate)
    await addPendingRevocation(tx, { endpoint, certificate, ...defined({ reference }), reason, at }, at);
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
