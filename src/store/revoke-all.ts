/** Revokes the certificates of an issuer in steps, of which each is one short transaction. */
import { type ExpressionBuilder, sql } from 'kysely';
import type { RevocationStep, RevokedStep } from '../core/store.ts';
import { addAudit } from './audit.ts';
import { raiseRevision } from './revisions.ts';
import { together } from './together.ts';
import type { Database, Tables } from './tables.ts';

/** Those of the next rows that are neither revoked for good nor ended at `step.audit.at`. */
export async function revokeAll(
  tx: Database,
  issuerId: string,
  { after, limit, reason, audit }: RevocationStep,
): Promise<RevokedStep> {
  const found = await candidates(tx, { issuerId, after, limit, ended: audit.at.getTime() });
  const last = found.at(-1)?.id;
  if (last === undefined) return { revoked: 0 };
  const ids = found.map(({ id }) => id);
  const revoked_at = audit.at.getTime();
  const rows = await tx
    .updateTable('certificates')
    .set({ state: 'revoked', revoked_at: sql`coalesce(revoked_at, ${revoked_at})`, revocation_reason: reason })
    .where('id', 'in', ids)
    // Again, because another server may have revoked one meanwhile, for a reason of its own.
    .where(notForGood)
    .returning([
      'id',
      'issuer',
      'serial',
      'revoked_at',
      'not_after',
      'crl_shard',
      'endpoint',
      'transaction_id',
      'public_key_hash',
    ])
    .execute();
  if (rows.length === 0) return { revoked: 0, last };
  await tx
    .insertInto('revocations')
    .values(
      rows.map(({ id, issuer, serial, not_after, crl_shard, ...row }) => ({
        certificate_id: id,
        issuer,
        serial,
        revoked_at: row.revoked_at ?? revoked_at,
        reason,
        not_after,
        crl_shard,
      })),
    )
    .onConflict((conflict) => conflict.column('certificate_id').doUpdateSet({ reason }))
    .execute();
  const entries = rows.map(({ id, serial, endpoint, transaction_id: transactionId }) => () => {
    const entry = { ...audit, event: 'revoked', endpoint, transactionId, issuerId, serial } as const;
    return addAudit(tx, entry, { certificate: id });
  });
  await together(tx, entries);
  if (reason === 'keyCompromise') await noteAll(tx, rows);
  for (const { issuer, crl_shard } of onePerShard(rows)) await raiseRevision(tx, issuer, crl_shard);
  return { revoked: rows.length, last };
}

const notForGood = (row: ExpressionBuilder<Tables, 'certificates'>) =>
  row.or([row('state', '!=', 'revoked'), row('revocation_reason', '=', 'certificateHold')]);

type Page = { issuerId: string; after: number | undefined; limit: number; ended: number };

const candidates = (tx: Database, { issuerId, after = 0, limit, ended }: Page): Promise<{ id: number }[]> =>
  tx
    .selectFrom('certificates')
    .select('id')
    .where('issuer', '=', (issuers) => issuers.selectFrom('issuers').select('id').where('issuer_id', '=', issuerId))
    .where('id', '>', after)
    .where('not_after', '>', ended)
    .where(notForGood)
    .orderBy('id')
    .limit(limit)
    .execute();

async function noteAll(tx: Database, rows: readonly { public_key_hash: string }[]): Promise<void> {
  const keys = [...new Set(rows.map(({ public_key_hash }) => public_key_hash))];
  const values = keys.map((public_key_hash) => ({ public_key_hash }));
  await tx
    .insertInto('compromised_keys')
    .values(values)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

const onePerShard = <T extends { crl_shard: number }>(rows: readonly T[]): T[] => [
  ...new Map(rows.map((row) => [row.crl_shard, row])).values(),
];
