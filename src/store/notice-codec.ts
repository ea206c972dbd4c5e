/**
 * A notice as the text of one column: JSON, octets in base64, dates in milliseconds. The text is a secret: the CSR is
 * the one that was received, byte for byte (Intune wants it back so), and it contains the challengePassword.
 */
import type { FailureNotice, Notice, SuccessNotice } from '../core/notification.ts';

type Encoded =
  | (Omit<SuccessNotice, 'csr' | 'notAfter'> & { csr: string; notAfter: number })
  | (Omit<FailureNotice, 'csr'> & { csr: string });

export function encodeNotice(notice: Notice): string {
  const csr = Buffer.from(notice.csr).toString('base64');
  const encoded: Encoded =
    notice.kind === 'success' ? { ...notice, csr, notAfter: notice.notAfter.getTime() } : { ...notice, csr };
  return JSON.stringify(encoded);
}

export function decodeNotice(text: string): Notice {
  const encoded = JSON.parse(text) as Encoded;
  const csr = new Uint8Array(Buffer.from(encoded.csr, 'base64'));
  return encoded.kind === 'success' ? { ...encoded, csr, notAfter: new Date(encoded.notAfter) } : { ...encoded, csr };
}
