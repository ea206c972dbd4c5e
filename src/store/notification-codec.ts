/**
 * A notification as the text of one column: JSON, octets in base64, dates in milliseconds. The text is a secret: the CSR is
 * the one that was received, byte for byte (Intune wants it back so), and it contains the challengePassword.
 */
import type { FailureNotification, Notification, SuccessNotification } from '../core/notification.ts';

type Encoded =
  | (Omit<SuccessNotification, 'csr' | 'notAfter'> & { csr: string; notAfter: number })
  | (Omit<FailureNotification, 'csr'> & { csr: string });

/** For the column `payload`. */
export function encodeNotification(notification: Notification): string {
  const csr = Buffer.from(notification.csr).toString('base64');
  const encoded: Encoded =
    notification.kind === 'success'
      ? { ...notification, csr, notAfter: notification.notAfter.getTime() }
      : { ...notification, csr };
  return JSON.stringify(encoded);
}

/** Throws SyntaxError when the text is not JSON. */
export function decodeNotification(text: string): Notification {
  const encoded = JSON.parse(text) as Encoded;
  const csr = new Uint8Array(Buffer.from(encoded.csr, 'base64'));
  return encoded.kind === 'success' ? { ...encoded, csr, notAfter: new Date(encoded.notAfter) } : { ...encoded, csr };
}
