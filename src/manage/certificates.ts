/** What an administrator does with issued certificates: find one, read its history, revoke it. */
import type { RevocationReason } from '../core/issuer.ts';
import type { AuditEntry, CertificateId, StoredCertificate } from '../core/records.ts';
import type { AuditStore, CertificateFilter, CertificateStore } from '../core/store.ts';
import { auditEntry, type Management } from './administrator.ts';

type Reader = { store: Pick<CertificateStore, 'findCertificatesBySerial'> };

/** A serial number as the store holds it. People paste it with colons, spaces, capitals, `0x` and leading zeros. */
export function canonicalSerial(serial: string): string {
  const digits = serialDigits(serial).replace(/^0+(?=.)/, '');
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

/**
 * The serial numbers, as the store holds them, that a text of Intune can mean: hexadecimal, and only when the store has none
 * such, decimal. None when the text is no number. A CA that counts its certificates has numbers below nine digits, of which
 * each can be read both ways: they are hexadecimal, as notifications have them.
 */
export function serialSpellings(text: string): string[] {
  const serial = canonicalSerial(text);
  if (!/^[0-9a-f]+$/.test(serial)) return [];
  return [serial, ...(/^[1-9]\d{8,}$/.test(text.trim()) ? [canonicalSerial(BigInt(text.trim()).toString(16))] : [])];
}

/** As `canonicalSerial`, for the beginning of a serial number as lists show it: one leading zero may be part of it. */
export const serialBeginning = (serial: string): string => serialDigits(serial).replace(/^(00)+(?=..)/, '');

const serialDigits = (text: string): string => text.replace(/[:\s]/g, '').replace(/^0x/i, '').toLowerCase();

/** `ambiguous`: several issuers gave this serial number to a certificate. */
export type FoundCertificate =
  | { kind: 'found'; certificate: StoredCertificate }
  | { kind: 'unknown' }
  | { kind: 'ambiguous'; certificates: readonly StoredCertificate[] };

/** The certificate with this serial number, written as in `canonicalSerial`, or as `ISSUERID/SERIAL`. */
export async function findCertificate({ store }: Reader, text: string): Promise<FoundCertificate> {
  const [serial = '', issuerId = ''] = text.split('/').toReversed();
  const all = await store.findCertificatesBySerial(canonicalSerial(serial));
  const certificates = all.filter((certificate) => certificate.issuerId.startsWith(issuerId));
  const [certificate, ...others] = certificates;
  if (!certificate) return { kind: 'unknown' };
  return others.length === 0 ? { kind: 'found', certificate } : { kind: 'ambiguous', certificates };
}

/** Which certificates to list. `after` names the last certificate of the page before, as in `findCertificate`. */
export type ListFilter = Omit<CertificateFilter, 'after'> & { after?: string };

/** One page. `more`, when it is not the last one: how many certificates there are, and how many come after this page. */
export type ListedCertificates = {
  kind: 'listed';
  certificates: StoredCertificate[];
  more?: { total: number; left: number };
};

type ListStore = Pick<CertificateStore, 'findCertificatesBySerial' | 'listCertificates' | 'countCertificates'>;

/** Newest first; or why `after` names no certificate. */
export async function listCertificates(
  { store }: { store: ListStore },
  { after, ...filter }: ListFilter,
): Promise<ListedCertificates | Exclude<FoundCertificate, { kind: 'found' }>> {
  const before = after === undefined ? undefined : await findCertificate({ store }, after);
  if (before && before.kind !== 'found') return before;
  const page = before && { after: before.certificate };
  const certificates = await store.listCertificates({ ...filter, ...page });
  const last = certificates.at(-1);
  const left =
    last && certificates.length === filter.limit ? await store.countCertificates({ ...filter, after: last }) : 0;
  if (left === 0) return { kind: 'listed', certificates };
  return { kind: 'listed', certificates, more: { total: await store.countCertificates(filter), left } };
}

/** Newest first. */
export const certificateHistory = (
  { store }: { store: Pick<AuditStore, 'listAudit'> },
  certificate: StoredCertificate,
): Promise<AuditEntry[]> => store.listAudit({ certificate });

/**
 * Every certificate that renews this one, and every one that renews those; the nearest first.
 */
export async function renewalsOf(
  { store }: { store: Pick<CertificateStore, 'findRenewals'> },
  certificate: CertificateId,
): Promise<StoredCertificate[]> {
  const found: StoredCertificate[] = [];
  for (let generation = [certificate]; generation.length > 0; ) {
    const next = (await Promise.all(generation.map((each) => store.findRenewals(each)))).flat();
    found.push(...next);
    generation = next;
  }
  return found;
}

/** The `publicKeyHash` of a certificate of an earlier version that cannot be read. */
const UNREADABLE = '';

/** Whether the CA of a certificate is told of its revocation: one that cannot be read is told to no CA. */
export const tellsIssuer = ({ publicKeyHash }: StoredCertificate): boolean => publicKeyHash !== UNREADABLE;

/**
 * Revokes one certificate: it is on the next revocation list, cannot be renewed and is not sent to its device again. The
 * server tells the CA of the certificate, if that has a Revoker, which only the server knows; one that cannot be read is
 * told to no CA. Returns false when it is revoked already. Every revocation by an administrator passes here, and those by
 * the directory. `why`: for the history.
 */
export function revokeCertificate(
  management: Management<Pick<CertificateStore, 'revoke'>>,
  certificate: StoredCertificate,
  reason: RevocationReason,
  why?: string,
): Promise<boolean> {
  const { endpoint, transactionId, issuerId, serial } = certificate;
  const detail = why === undefined ? reason : `${reason} (${why})`;
  const event = { event: 'revoked', endpoint, transactionId, issuerId, serial, detail } as const;
  return management.store.revoke(certificate, reason, auditEntry(management, event), {
    tellIssuer: tellsIssuer(certificate),
  });
}

/**
 * Ends the hold of one certificate: it is on no later revocation list, and renews again. Its CA is told as of a revocation.
 * Returns false when it is not on hold.
 */
export function releaseCertificate(
  management: Management<Pick<CertificateStore, 'release'>>,
  certificate: StoredCertificate,
): Promise<boolean> {
  const { endpoint, transactionId, issuerId, serial } = certificate;
  const audit = auditEntry(management, { event: 'released', endpoint, transactionId, issuerId, serial });
  return management.store.release(certificate, audit, { tellIssuer: tellsIssuer(certificate) });
}
