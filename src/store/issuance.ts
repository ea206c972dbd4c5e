/** Records everything that becomes true when a certificate is issued, or says why nothing was. */
import type { Issuance, RecordResult } from '../core/store.ts';
import { blocksIssuance } from '../core/lifecycle.ts';
import type { StoredTransaction } from '../core/records.ts';
import { addAudit } from './audit.ts';
import { insertCertificate } from './certificates.ts';
import { consume, isConsumed } from './consumed-challenges.ts';
import { addNotification } from './pending-notifications.ts';
import type { Database } from './tables.ts';
import { findTransaction, insertTransaction, replaceTransaction } from './transactions.ts';

/** Looks first and writes then; the unique indexes have the last word, and a write that they refuse looks again. */
export async function recordIssued(tx: Database, issuance: Issuance): Promise<RecordResult> {
  const { certificate, audit, notification } = issuance;
  const existing = await findTransaction(tx, issuance.transaction.key);
  if (existing && blocksReissue(existing, issuance)) return { kind: 'duplicate', existing };
  const { consumes } = issuance;
  if (consumes !== undefined && (await isConsumed(tx, consumes))) return { kind: 'consumed' };

  await insertCertificate(tx, certificate);
  await (existing ? replaceTransaction : insertTransaction)(tx, issued(issuance, existing));
  if (consumes !== undefined) await consume(tx, consumes, audit.at);
  await addAudit(tx, audit);
  if (!notification) return { kind: 'recorded' };
  return { kind: 'recorded', notificationId: await addNotification(tx, { ...notification, dueAt: audit.at }) };
}

/** Also a request that an administrator rejected while the certificate was being made. */
const blocksReissue = (existing: StoredTransaction, { supersedes }: Issuance): boolean =>
  blocksIssuance(existing, existing.certificate?.serial === supersedes);

const issued = ({ transaction, certificate, audit }: Issuance, existing?: StoredTransaction): StoredTransaction => ({
  ...transaction,
  state: 'issued',
  createdAt: existing?.createdAt ?? audit.at,
  updatedAt: audit.at,
  certificate,
});
