/** Invented certificates and requests, one for each number, for all tests of stores. */
import { createHash, randomBytes } from 'node:crypto';
import type { AuditChainStore } from '../core/audit-chain.ts';
import type {
  AuditEntry,
  AuditEvent,
  CertificateId,
  CertificateName,
  PendingReason,
  PollKey,
  StoredTransaction,
  WorkLease,
} from '../core/records.ts';
import type { FailureNotification, SuccessNotification } from '../core/notification.ts';
import type { Issuance, Pending } from '../core/store.ts';

/** The moment of the samples. Its milliseconds are not zero, so that a store which drops them fails. */
export const NOON = new Date('2026-03-01T12:00:00.123Z');
/** NOON and so many seconds. */
export const later = (seconds: number): Date => new Date(NOON.getTime() + seconds * 1_000);

const hash = (text: string, algorithm = 'sha256'): string => createHash(algorithm).update(text).digest('hex');
// As long as real ones; no part of one occurs in another.
const octets = (text: string, length: number): Uint8Array =>
  new Uint8Array(
    Buffer.concat(Array.from({ length: length / 32 }, (_, n) => createHash('sha256').update(`${text} ${n}`).digest())),
  );

/** The endpoint of every sample. */
export const ENDPOINT = '/certsrv/mscep/mscep.dll';

/** The CSR of a notification, with a challenge in clear as a real one has. */
export const csrFor = (n: number): Uint8Array => octets(`csr ${n}`, 1_024);

/** The audit entry of the nth request. */
export const auditFor = (n: number, event: AuditEvent, at = NOON): AuditEntry => ({
  at,
  event,
  endpoint: ENDPOINT,
  transactionId: `transaction-${n}`,
  ...(IN_A_REQUEST.has(event) ? {} : certificateId(n)),
  actor: { kind: event === 'revoked' ? 'person' : 'device', ...(event === 'revoked' && { name: 'ada' }) },
  source: event === 'revoked' ? 'cli' : 'scep',
});

/** Events of a request that has no certificate. */
const IN_A_REQUEST: ReadonlySet<AuditEvent> = new Set(['pending', 'approved', 'rejected']);

/** Gives every entry of the history its link. */
export async function chained(store: Pick<AuditChainStore, 'chainAudit'>): Promise<void> {
  while (await store.chainAudit({ limit: 100, random: (length) => randomBytes(length) }));
}

/** The issuer of every sample. */
export const ISSUER_ID = hash('issuer');

/** Identity of the nth certificate. */
export const certificateId = (n: number): CertificateId => ({
  issuerId: ISSUER_ID,
  serial: hash(`serial ${n}`).slice(0, 32),
});

/** The PollKey of the nth request. */
export const pollOf = (n: number): PollKey => hash(`poll ${n}`).slice(0, 32);

/** The nth issuance: its own key, serial number, subject and transactionID. */
export function issuanceFor(
  n: number,
  options: { notification?: 'strict' | 'outbox'; lease?: WorkLease; consumes?: string } = {},
): Issuance {
  const transaction = {
    key: pollOf(n) + hash(`key ${n}`),
    request: hash(`request ${n}`),
    nonces: [hash(`nonce ${n}`).slice(0, 36)],
    endpoint: ENDPOINT,
    transactionId: `transaction-${n}`,
    signer: hash(`signer ${n}`),
    subject: `CN=device-${n}`,
  };
  const certificate = {
    ...certificateId(n),
    endpoint: ENDPOINT,
    transactionId: transaction.transactionId,
    subject: transaction.subject,
    issuer: 'CN=Issuing CA',
    thumbprint: hash(`thumbprint ${n}`, 'sha1').toUpperCase(),
    thumbprintSha256: hash(`thumbprint ${n}`),
    publicKeyHash: hash(`public key ${n}`),
    crlShard: 0,
    der: octets(`certificate ${n}`, 1_088),
    notBefore: later(-86_400),
    notAfter: later(365 * 86_400),
    issuedAt: NOON,
    firstIssuedAt: NOON,
  };
  const { notification, lease, consumes } = options;
  const waits = notification === 'strict';
  return {
    transaction,
    certificate: { ...certificate, ...(waits ? { state: 'issued' } : { state: 'delivered', deliveredAt: NOON }) },
    names: namesFor(n),
    audit: auditFor(n, 'issued'),
    ...(notification
      ? { notification: { notification: successNotificationFor(n), mode: notification, ...(lease && { lease }) } }
      : {}),
    ...(consumes === undefined ? {} : { consumes }),
  };
}

/** The names in the nth certificate, as a device with Intune has them. */
export const namesFor = (n: number): CertificateName[] => [
  { kind: 'cn', value: `device-${n}` },
  { kind: 'upn', value: `User${n}@Example.com` },
  { kind: 'intuneDeviceId', value: `0000-${n}` },
];

/** That the nth certificate was issued. */
export const successNotificationFor = (n: number): SuccessNotification => ({
  kind: 'success',
  endpoint: ENDPOINT,
  transactionId: `transaction-${n}`,
  csr: csrFor(n),
  thumbprint: hash(`thumbprint ${n}`, 'sha1').toUpperCase(),
  serial: hash(`serial ${n}`).slice(0, 32),
  notAfter: later(365 * 86_400),
  issuer: 'CN=Issuing CA',
});

/** That the nth request got no certificate. */
export const failureNotificationFor = (n: number): FailureNotification => ({
  kind: 'failure',
  endpoint: ENDPOINT,
  transactionId: `transaction-${n}`,
  csr: csrFor(n),
  hresult: -2147023174,
  description: 'The certificate could not be issued.',
});

/** The nth request as one that waits, its CSR with a challenge in clear. */
export const pendingFor = (
  n: number,
  { reason = 'approval', at = NOON }: { reason?: PendingReason; at?: Date } = {},
): Pending => ({
  transaction: { ...issuanceFor(n).transaction, reason, csr: csrFor(n) },
  audit: auditFor(n, 'pending', at),
});

/** The transaction that the store returns for `pendingFor`. */
export const waitingFor = (n: number, reason: PendingReason = 'approval'): StoredTransaction => ({
  ...pendingFor(n, { reason }).transaction,
  state: 'pending',
  createdAt: NOON,
  updatedAt: NOON,
});

/** The same transaction in a list of what waits. */
export function listed(transaction: StoredTransaction): StoredTransaction {
  const { csr: _csr, ...rest } = transaction;
  return rest;
}
