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
import { endOrders } from './recorded-orders.ts';
import type { Database } from './tables.ts';
import { together } from './together.ts';
import { findSameRequest, replaceTransaction } from './transactions.ts';

/** Reads first, then writes. Where a unique index refuses the write, another process was first, and it runs again. */
export async function recordIssued(
  tx: Database,
  issuance: Issuance,
  { clock, committed }: { clock: Clock; committed: CommittedRows },
): Promise<RecordResult> {
  const { certificate, names, audit, notification } = issuance;
  const { consumes, mostRenewals = Infinity } = issuance;
  const [found, consumed, compromised] = await together(tx, [
    () => findSameRequest(tx, issuance.transaction),
    async () => consumes !== undefined && isConsumed(tx, consumes),
    () => isCompromised(tx, certificate.publicKeyHash),
  ]);
  const existing = found?.transaction;
  if (existing && blocksReissue(existing, issuance)) return { kind: 'duplicate', existing };
  if (consumed) return { kind: 'consumed' };
  if (certificate.renews && (await countRenewals(tx, certificate.renews)) >= mostRenewals) return { kind: 'renewed' };
  if (compromised) return { kind: 'revoked', what: 'key' };
  if (await isRenewedRevoked(tx, issuance)) return { kind: 'revoked', what: 'renewed' };

  const issuer = committed.issuers.get(certificate.issuerId) ?? (await issuerOf(tx, certificate));
  const id = await insertCertificate(tx, certificate, { issuer, names });
  const { endpoint } = issuance.transaction;
  const entry = {
    certificate: id,
    ...(existing && waited(existing) && { request: existing.request }),
    ...(consumes !== undefined && { challenge: await usedChallenge(tx, consumes) }),
  };
  const [claim] = await together(tx, [
    async () => notification && addNotification(tx, notification, { at: clock(), certificate: id }),
    async () => issuance.order !== undefined && endOrders(tx, issuance.order, { outcome: 'known' }),
    () => replaceTransaction(tx, issued(issuance, existing), { existing: found, certificate: id }),
    async () => committed.endpoints.has(endpoint) || noteEndpoint(tx, endpoint),
    async () => consumes !== undefined && consume(tx, consumes, audit.at),
    () => addAudit(tx, audit, entry),
  ]);
  return { kind: 'recorded', ...(claim && { notification: claim }) };
}

/** After the request was found to have permission: making a certificate can take a minute. */
async function isRenewedRevoked(tx: Database, { certificate, mostRenewals }: Issuance): Promise<boolean> {
  if (!certificate.renews || mostRenewals === undefined) return false;
  const renewed = await findCertificate(tx, certificate.renews);
  return renewed?.state === 'revoked';
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
