/** Records a certificate that another program issued. */
import type { Import, ImportResult } from '../core/store.ts';
import { addAudit } from './audit.ts';
import { noteEndpoint } from './endpoint-names.ts';
import { issuerOf } from './issuers.ts';
import { findCertificate, insertCertificate } from './stored-certificates.ts';
import type { Database } from './tables.ts';

/** All of it or nothing. */
export async function importCertificate(tx: Database, { certificate, names, audit }: Import): Promise<ImportResult> {
  const existing = await findCertificate(tx, certificate);
  if (existing) return existing.thumbprintSha256 === certificate.thumbprintSha256 ? 'known' : 'conflict';
  const id = await insertCertificate(tx, certificate, { issuer: await issuerOf(tx, certificate), names });
  await noteEndpoint(tx, certificate.endpoint);
  await addAudit(tx, audit, { certificate: id });
  return 'recorded';
}
