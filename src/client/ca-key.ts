/** The keys of the certificates of GetCACert. */
import { readingPart } from '../asn1/limits.ts';
import { UnsupportedAlgorithm } from '../pkix/algorithm-names.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import { type PublicKey, readPublicKey } from '../pkix/public-key.ts';

/** The key of a certificate, DER. Throws DerError, and UnsupportedAlgorithm, which both name the certificate. */
export function caKey(der: Uint8Array): PublicKey {
  const { subject, spki } = readCertificate(der);
  return readingPart(`GetCACert, ${nameText(subject)}`, () => readPublicKey(spki));
}

/** What is said of those certificates whose type of key is not supported. */
export const unsupportedKeys = (certificates: readonly Uint8Array[]): string[] =>
  certificates.flatMap((der) => {
    try {
      caKey(der);
      return [];
    } catch (error) {
      if (error instanceof UnsupportedAlgorithm) return [error.message];
      throw error;
    }
  });
