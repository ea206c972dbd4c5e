/** Whether a CA signed a certificate. */
import { certificateSignature, type CertificateView, readCertificate } from './certificate.ts';
import { type PublicKey, readPublicKey } from './public-key.ts';
import { verifySignature } from './signature.ts';

/** The keys of CAs, by the array that holds the certificate: callers keep one for each CA. */
const KEYS = new WeakMap<Uint8Array, PublicKey>();

function keyOf(ca: Uint8Array): PublicKey {
  const key = KEYS.get(ca) ?? readPublicKey(readCertificate(ca).spki);
  KEYS.set(ca, key);
  return key;
}

/** Whether the key of `ca`, a certificate in DER, signed it. Throws DerError when one of the two cannot be read. */
export function isSignedBy(view: CertificateView, ca: Uint8Array): boolean {
  const { algorithm, signature } = certificateSignature(view);
  return algorithm !== undefined && verifySignature({ algorithm, key: keyOf(ca).key, data: view.tbs, signature });
}
