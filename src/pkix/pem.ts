/** Writes DER as PEM (RFC 7468). */

import { headerLength } from '../asn1/ber.ts';
import { TAG } from '../asn1/tags.ts';

/** PEM text of one or more certificates (DER), in this order. */
export const certificatePem = (...certificates: readonly Uint8Array[]): string =>
  certificates.map((der) => pem('CERTIFICATE', der)).join('');

/** PEM text of a certificate revocation list (DER). */
export const crlPem = (crl: Uint8Array): string => pem('X509 CRL', crl);

/** PEM text of a certification request (DER). */
export const requestPem = (csr: Uint8Array): string => pem('CERTIFICATE REQUEST', csr);

/** PEM text of a private key, PKCS#8 (DER), encrypted or not: RFC 5958 has a version first, and RFC 5208 6 an algorithm. */
export const privateKeyText = (pkcs8: Uint8Array): string =>
  pem(pkcs8[headerLength(pkcs8)] === TAG.integer ? 'PRIVATE KEY' : 'ENCRYPTED PRIVATE KEY', pkcs8);

/** RFC 7468 2: lines of 64 characters. */
function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
