/** Certificates as lines of a file: comma-separated values, or JSON. */
import { jsonText } from '../core/printable.ts';
import type { StoredCertificate } from '../core/records.ts';
import { CERTIFICATE_COLUMNS, certificateFacts } from './certificate-facts.ts';
import { csv } from './csv.ts';

/** The headings. */
export const csvHeading = (): string => `${csv([CERTIFICATE_COLUMNS])}\n`;

/** All facts; a spreadsheet computes nothing of them. */
export function csvLine(certificate: StoredCertificate, now: Date): string {
  const facts = certificateFacts(certificate, now);
  return `${csv([CERTIFICATE_COLUMNS.map((column) => facts[column] ?? '')])}\n`;
}

/** All facts, and the DER in base64 where it is there. */
export function jsonLine(certificate: StoredCertificate, now: Date): string {
  const der = Buffer.from(certificate.der).toString('base64');
  return `${jsonText({ issuerId: certificate.issuerId, ...certificateFacts(certificate, now), ...(der && { der }) })}\n`;
}
