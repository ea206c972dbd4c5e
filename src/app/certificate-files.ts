/** Reads certificates from the content of a file, PEM (RFC 7468) or DER. */
import { readCertificate } from '../pkix/certificate.ts';
import { ConfigError } from '../core/errors.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

/** At least one. */
export type Certificates = [Uint8Array, ...Uint8Array[]];

/** Every certificate of a PEM text, or the one of a DER file, as DER. `where` names the file. Throws ConfigError. */
export function certificatesFrom(content: Uint8Array, where: string): Certificates {
  const [first = Buffer.from(content), ...others] = blocksOf(Buffer.from(content).toString('latin1'));
  try {
    return [readCertificate(first).der, ...others.map((der) => readCertificate(der).der)];
  } catch (cause) {
    throw new ConfigError(`${where}: not a certificate`, 'It must be a certificate in PEM or DER.', { cause });
  }
}

/** The certificates of a PEM text, unread. */
export const blocksOf = (text: string): Buffer[] =>
  [...text.matchAll(BLOCK)].map(([, base64 = '']) => Buffer.from(base64, 'base64'));
