/** What an administrator does with issued certificates: find one, read its history, revoke it. */
import type { RevocationReason } from '../core/issuer.ts';
import type { AuditEntry, StoredCertificate } from '../core/records.ts';
import type { CertificateFilter, Store } from '../core/store.ts';
import { auditEntry, type Management } from './administrator.ts';

type Reader = { store: Pick<Store, 'findCertificate'> };

/** A serial number as the store holds it. People paste it with colons, spaces, capitals, `0x` and leading zeros. */
export const canonicalSerial = (serial: string): string =>
  serial
    .replace(/[:\s]|^0x/gi, '')
    .toLowerCase()
    .replace(/^(00)+(?=..)/, '');

/** Newest first. `after` may be written as in `canonicalSerial`. */
export const listCertificates = (
  { store }: { store: Pick<Store, 'listCertificates'> },
  { after, ...filter }: CertificateFilter,
): Promise<StoredCertificate[]> =>
  store.listCertificates({ ...filter, ...(after !== undefined && { after: canonicalSerial(after) }) });

/** The certificate with this serial number, written as in `canonicalSerial`; undefined when there is none. */
export const findCertificate = ({ store }: Reader, serial: string): Promise<StoredCertificate | undefined> =>
  store.findCertificate(canonicalSerial(serial));

/** `history` is newest first. */
export type CertificateHistory = { certificate: StoredCertificate; history: AuditEntry[] };

/** One certificate and what happened to it; undefined when there is none with this serial number. */
export async function showCertificate(
  { store }: { store: Pick<Store, 'findCertificate' | 'listAudit'> },
  serial: string,
): Promise<CertificateHistory | undefined> {
  const certificate = await findCertificate({ store }, serial);
  return certificate && { certificate, history: await store.listAudit({ serial: certificate.serial }) };
}

/** `revokedBefore`: nothing was changed. `unknown`: there is no certificate with this serial number. */
export type RevocationResult =
  | { kind: 'revoked' | 'revokedBefore'; certificate: StoredCertificate }
  | { kind: 'unknown' };

/**
 * Revokes one certificate: it is on the next revocation list, cannot be renewed and is not sent to its device again.
 * Every revocation by an administrator passes here, so a CA that must be told of revocations is told from here.
 */
export async function revokeCertificate(
  management: Management<Pick<Store, 'findCertificate' | 'revoke'>>,
  { serial, reason }: { serial: string; reason: RevocationReason },
): Promise<RevocationResult> {
  const certificate = await findCertificate(management, serial);
  if (!certificate) return { kind: 'unknown' };
  const { endpoint, transactionId } = certificate;
  const event = { event: 'revoked', endpoint, transactionId, serial: certificate.serial, detail: reason } as const;
  const revoked = await management.store.revoke(certificate.serial, reason, auditEntry(management, event));
  return { kind: revoked ? 'revoked' : 'revokedBefore', certificate };
}
