/** Records everything that becomes true when a certificate is issued, or returns why nothing was recorded. */
import type { Issuance, RecordResult } from '../core/store.ts';
import { blocksIssuance } from '../core/lifecycle.ts';
import type { StoredTransaction } from '../core/records.ts';
import type { Clock } from '../core/environment.ts';
import { addAudit } from './audit.ts';
import { usedChallenge } from './challenges.ts';
import type { CommittedRows } from './committed-rows.ts';
import { issuerOf } from './issuers.ts';
import { countRenewals, findCertificate, insertCertificate } from './stored-certificates.ts';
import { consume, isConsumed } from './consumed-challenges.ts';
import { noteEndpoint } from './endpoint-names.ts';
import { isCompromised } from './revocations.ts';
import { addNotification } from './pending-notifications.ts';
import type { Database } from './tables.ts';
import { findSameRequest, replaceTransaction } from './transactions.ts';

/** Reads first, then writes. Where a unique index refuses the write, another process was first, and it runs again. */
export async function recordIssued(
  tx: Database,
  issuance: Issuance,
  { clock, committed }: { clock: Clock; committed: CommittedRows },
): Promise<RecordResult> {
  const { certificate, names, audit, notification } = issuance;
  const found = await findSameRequest(tx, issuance.transaction);
  const existing = found?.transaction;
  if (existing && blocksReissue(existing, issuance)) return { kind: 'duplicate', existing };
  const { consumes, mostRenewals = Infinity } = issuance;
  if (consumes !== undefined && (await isConsumed(tx, consumes))) return { kind: 'consumed' };
  if (certificate.renews && (await countRenewals(tx, certificate.renews)) >= mostRenewals) return { kind: 'renewed' };
  const what = await revokedMeanwhile(tx, issuance);
  if (what) return { kind: 'revoked', what };

  const issuer = committed.issuers.get(certificate.issuerId) ?? (await issuerOf(tx, certificate));
  const id = await insertCertificate(tx, certificate, { issuer, names });
  await replaceTransaction(tx, issued(issuance, existing), { existing: found, certificate: id });
  const { endpoint } = issuance.transaction;
  if (!committed.endpoints.has(endpoint)) await noteEndpoint(tx, endpoint);
  if (consumes !== undefined) await consume(tx, consumes, audit.at);
  await addAudit(tx, audit, {
    certificate: id,
    ...(existing && waited(existing) && { request: existing.request }),
    ...(consumes !== undefined && { challenge: await usedChallenge(tx, consumes) }),
  });
  if (!notification) return { kind: 'recorded' };
  return { kind: 'recorded', notification: await addNotification(tx, notification, { at: clock(), certificate: id }) };
}

/** What was revoked after the request was found to have permission: making a certificate can take a minute. */
async function revokedMeanwhile(
  tx: Database,
  { certificate, mostRenewals }: Issuance,
): Promise<'key' | 'renewed' | undefined> {
  if (await isCompromised(tx, certificate.publicKeyHash)) return 'key';
  const renewed = certificate.renews && mostRenewals !== undefined && (await findCertificate(tx, certificate.renews));
  return renewed && renewed.state === 'revoked' ? 'renewed' : undefined;
}

/** Also a request that an administrator rejected while the certificate was being made. */
const blocksReissue = (existing: StoredTransaction, { supersedes }: Issuance): boolean =>
  blocksIssuance(existing, existing.certificate?.serial === supersedes);

/** Then the history has entries about it that are of this certificate too. */
const waited = ({ state }: StoredTransaction): boolean => state === 'pending' || state === 'approved';

const issued = ({ transaction, certificate, audit }: Issuance, existing?: StoredTransaction): StoredTransaction => ({
  ...transaction,
  state: 'issued',
  createdAt: existing?.createdAt ?? audit.at,
  updatedAt: audit.at,
  certificate,
});
