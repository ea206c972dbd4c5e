/** GetNextCACert (RFC 8894 4.7): the CA that comes next, vouched for by the RA of the present one. */
import { writeDegenerate, writeSignedData } from '../cms/signed-data.ts';
import type { CaCertificates } from './ca-certificates.ts';
import type { RegistrationAuthority } from './registration-authority.ts';

/**
 * A SignedData whose content is a degenerate SignedData with the next CA and what is above it. sscep takes the
 * certificates from the content and jscep those around it, so they are in both. `next` begins with the next CA.
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
