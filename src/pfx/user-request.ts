/** The certification request for a key that was made here: an issuer gets the same as from a device. */
import { DerError } from '../asn1/limits.ts';
import type { KeyProvider } from '../core/keys.ts';
import type { CertificationRequest } from '../core/request.ts';
import { provesPossession, readCertificationRequest, withoutProof, writeCertificationRequest } from '../pkix/csr.ts';
import { importKey } from '../pkix/public-key.ts';
import { altNameExtension } from './alt-name-template.ts';

/** A subject (Name, DER), and the names of the subjectAltName (GeneralName, DER), which may be none. */
export type UserNames = { subject: Uint8Array; altNames: readonly Uint8Array[] };

/** A PKCS#10 request for the key and signed with it, read again as that of a device is. Throws what the key throws. */
export async function userRequest(key: KeyProvider, { subject, altNames }: UserNames): Promise<CertificationRequest> {
  const extensions = altNames.length > 0 ? [altNameExtension(altNames)] : [];
  const request = readCertificationRequest(await writeCertificationRequest({ subject, extensions }, key));
  if (!provesPossession(request, importKey(request.publicKey)))
    throw new DerError('the request is not signed with its own key');
  return withoutProof(request);
}
