/** GetNextCACert (RFC 8894 4.7): the certificate of the next CA, signed by the RA of the current one. */
import { writeDegenerate, writeSignedData } from '../cms/signed-data.ts';
import type { CaCertificates } from './ca-certificates.ts';
import type { RegistrationAuthority } from './registration-authority.ts';

/**
 * A SignedData whose content is a degenerate SignedData with the next CA and the certificates above it. sscep reads the
 * certificates of the content and jscep those of the outer SignedData, so they are in both. `next`: the next CA first;
 * DER. Throws what the key of the RA throws.
 */
export async function nextCaCertificates(
  next: readonly Uint8Array[],
  { signer }: RegistrationAuthority,
): Promise<CaCertificates> {
  const body = await writeSignedData({
    content: writeDegenerate(next),
    attributes: [],
    digest: 'sha256',
    signer,
    certificates: [signer.certificate.der, ...next],
  });
  return { contentType: 'application/x-x509-next-ca-cert', body };
}
