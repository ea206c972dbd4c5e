/** Certificates in the PEM that clients print. */
import { X509Certificate } from 'node:crypto';

/** The certificates of a text, in its order, whatever stands between them. */
export const certificatesIn = (text: string): X509Certificate[] =>
  (text.match(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g) ?? []).map(
    (pem) => new X509Certificate(pem),
  );

/** Their SHA-256 fingerprints, in lower-case hexadecimal. */
export const fingerprints = (text: string): string[] =>
  certificatesIn(text).map(({ fingerprint256 }) => fingerprint256.replaceAll(':', '').toLowerCase());
