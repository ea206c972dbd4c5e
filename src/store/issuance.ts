/** Records everything that becomes true when a certificate is issued, or says why nothing was. */
import { createHash } from 'node:crypto';
import type { Issuance, RecordResult, StoredTransaction } from '../core/store.ts';
import { addAudit } from './audit.ts';
import { insertCertificate } from './certificates.ts';
import { addNotice } from './notices.ts';
import { prepared } from './prepared.ts';
import type { ConsumedChallengeTable, Database } from './schema.ts';
import { findTransaction, insertTransaction, replaceTransaction } from './transactions.ts';

const consumed = prepared((db, { id }: { id: string }) =>
  db.selectFrom('consumed_challenges').select('id').where('id', '=', id),
);
const consume = prepared((db, row: ConsumedChallengeTable) => db.insertInto('consumed_challenges').values(row));

/** Looks first and writes then; the unique indexes have the last word, and a write that they refuse looks again. */
export async function recordIssued(tx: Database, issuance: Issuance): Promise<RecordResult> {
  const { certificate, audit, notice } = issuance;
  const existing = await findTransaction(tx, issuance.transaction.key);
  if (existing && isLive(existing) && existing.certificate?.serial !== issuance.supersedes)
    return { kind: 'duplicate', existing };
  const challenge = issuance.consumes === undefined ? undefined : digest(issuance.consumes);
  if (challenge && (await consumed(tx, { id: challenge })).rows.length > 0) return { kind: 'consumed' };

  await insertCertificate(tx, certificate);
  await (existing ? replaceTransaction : insertTransaction)(tx, issued(issuance, existing));
  if (challenge) await consume(tx, { id: challenge, at: audit.at.getTime() });
  await addAudit(tx, audit);
  if (!notice) return { kind: 'recorded' };
  return { kind: 'recorded', noticeId: await addNotice(tx, { ...notice, dueAt: audit.at }) };
}

const isLive = ({ certificate }: StoredTransaction): boolean =>
  certificate !== undefined && certificate.state !== 'revoked';

const issued = ({ transaction, certificate, audit }: Issuance, existing?: StoredTransaction): StoredTransaction => ({
  ...transaction,
  state: 'issued',
  createdAt: existing?.createdAt ?? audit.at,
  updatedAt: audit.at,
  certificate,
});

// What a policy calls its challenge may be the challenge itself.
const digest = (challenge: string): string => createHash('sha256').update(challenge).digest('hex');
