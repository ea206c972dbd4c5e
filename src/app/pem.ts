/** PEM (RFC 7468) between files and DER. */
import { readCertificate } from '../pkix/certificate.ts';
import { ConfigError } from '../core/errors.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

/** Every certificate of a PEM text, or the one of a DER file. `where` names the file. Throws ConfigError when none. */
export function certificatesFrom(content: Uint8Array, where: string): Uint8Array[] {
  const text = Buffer.from(content).toString('latin1');
  const blocks = [...text.matchAll(BLOCK)].map(([, base64]) => Buffer.from(base64 ?? '', 'base64'));
  const certificates = blocks.length ? blocks : [Buffer.from(content)];
  try {
    return certificates.map((der) => readCertificate(der).der);
  } catch (cause) {
    throw new ConfigError(`${where}: not a certificate`, 'It must be a certificate in PEM or DER.', { cause });
  }
}

/** PEM text of one or more certificates. */
export const certificatePem = (...certificates: readonly Uint8Array[]): string =>
  certificates.map((der) => pem('CERTIFICATE', der)).join('');

/** PEM text of a revocation list. */
export const crlPem = (crl: Uint8Array): string => pem('X509 CRL', crl);

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
