/** A certificate between its record and its row. Issuers are rows of their own, so reading joins them. */
import { type Insertable, type Selectable } from 'kysely';
import type { CertificateId, StoredCertificate } from '../core/records.ts';
import type { CertificateTable, Database } from './tables.ts';

/** Every certificate with its issuer, and with the one that it renews. */
export const selectCertificates = (db: Database) =>
  db
    .selectFrom('certificates')
    .leftJoin('issuers', 'issuers.id', 'certificates.issuer')
    .leftJoin('serials as renewed', 'renewed.certificate_id', 'certificates.renews')
    .leftJoin('issuers as renewed_issuer', 'renewed_issuer.id', 'renewed.issuer')
    .selectAll('certificates')
    .select([
      'issuers.issuer_id',
      'issuers.name as issuer_name',
      'renewed.serial as renewed_serial',
      'renewed_issuer.issuer_id as renewed_issuer_id',
    ]);

type JoinedRow = Selectable<CertificateTable> & {
  issuer_id: string | null;
  issuer_name: string | null;
  renewed_serial: string | null;
  renewed_issuer_id: string | null;
};

/** A certificate that is not recorded, as the column `renews_unrecorded` has it. */
export const unrecorded = ({ issuerId, serial }: CertificateId): string => `${issuerId}/${serial}`;

const unrecordedId = (text: string): CertificateId => {
  const [issuerId = '', serial = ''] = text.split('/');
  return { issuerId, serial };
};

/** `issuer` and `renews` are the rows of the issuer and of the certificate that this one renews. */
export const toRow = (
  certificate: StoredCertificate,
  { issuer, renews }: { issuer: number; renews: number | null },
): Insertable<CertificateTable> => ({
  issuer,
  serial: certificate.serial,
  endpoint: certificate.endpoint,
  transaction_id: certificate.transactionId,
  subject: certificate.subject,
  subject_folded: certificate.subject.toLowerCase(),
  thumbprint: certificate.thumbprint,
  thumbprint_sha256: certificate.thumbprintSha256,
  public_key_hash: certificate.publicKeyHash,
  renews,
  renews_unrecorded: certificate.renews && renews === null ? unrecorded(certificate.renews) : null,
  first_issued_at: certificate.firstIssuedAt.getTime(),
  crl_shard: certificate.crlShard,
  der: certificate.der,
  alternative_names: null,
  reference: certificate.reference ?? null,
  not_before: certificate.notBefore.getTime(),
  not_after: certificate.notAfter.getTime(),
  state: certificate.state,
  issued_at: certificate.issuedAt.getTime(),
  delivered_at: certificate.deliveredAt?.getTime() ?? null,
  revoked_at: certificate.revokedAt?.getTime() ?? null,
  revocation_reason: certificate.revocationReason ?? null,
  imported_at: certificate.importedAt?.getTime() ?? null,
});

const REMOVED = new Uint8Array(0);

/** Of a row of `selectCertificates`. */
export const fromRow = (row: JoinedRow): StoredCertificate => ({
  issuerId: row.issuer_id ?? '',
  serial: row.serial,
  endpoint: row.endpoint,
  transactionId: row.transaction_id,
  subject: row.subject,
  issuer: row.issuer_name ?? '',
  thumbprint: row.thumbprint,
  thumbprintSha256: row.thumbprint_sha256,
  publicKeyHash: row.public_key_hash,
  crlShard: row.crl_shard,
  der: row.der ?? REMOVED,
  ...(row.alternative_names === null ? {} : { alternativeNames: row.alternative_names }),
  ...(row.reference === null ? {} : { reference: row.reference }),
  notBefore: new Date(row.not_before),
  notAfter: new Date(row.not_after),
  state: row.state,
  issuedAt: new Date(row.issued_at),
  firstIssuedAt: new Date(row.first_issued_at),
  ...renewedIn(row),
  ...(row.delivered_at === null ? {} : { deliveredAt: new Date(row.delivered_at) }),
  ...(row.revoked_at === null ? {} : { revokedAt: new Date(row.revoked_at) }),
  ...(row.revocation_reason === null ? {} : { revocationReason: row.revocation_reason }),
  ...(row.imported_at === null ? {} : { importedAt: new Date(row.imported_at) }),
});

function renewedIn(row: JoinedRow): { renews?: CertificateId } {
  const { renewed_issuer_id: issuerId, renewed_serial: serial, renews_unrecorded: text } = row;
  if (issuerId !== null && serial !== null) return { renews: { issuerId, serial } };
  return text === null ? {} : { renews: unrecordedId(text) };
}
