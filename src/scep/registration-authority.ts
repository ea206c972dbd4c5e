/** The registration authority: the keys that messages are addressed to and the one that signs replies. */
import type { KeyProvider } from '../core/contracts.ts';
import { ConfigError } from '../core/errors.ts';
import type { RecipientKey } from '../cms/enveloped-data.ts';
import { type CertificateView, readCertificate } from '../pkix/certificate.ts';
import { keyIdentifier } from '../pkix/extensions.ts';

export type RegistrationAuthority = {
  /** Signs every CertRep; its certificate is in GetCACert and in every reply. */
  signer: { certificate: CertificateView; key: KeyProvider };
  /** Opens requests: the current key first, then retired ones, because clients keep old RA certificates. */
  recipients: readonly RecipientKey[];
};

/** One certificate, DER, and its key. */
export type KeyedCertificate = { certificate: Uint8Array; key: KeyProvider };

/** An RA with one key for both uses. Throws ConfigError when the key cannot serve or does not fit the certificate. */
export function registrationAuthority(
  current: KeyedCertificate,
  retired: readonly KeyedCertificate[] = [],
): RegistrationAuthority {
  const recipients = [current, ...retired].map(recipientKey);
  return { signer: { certificate: recipients[0]!.certificate, key: current.key }, recipients };
}

function recipientKey({ certificate, key }: KeyedCertificate): RecipientKey {
  const view = readCertificate(certificate);
  if (key.key.type !== 'rsa' || !key.decrypt)
    throw new ConfigError(
      'The RA key cannot decrypt.',
      'SCEP clients encrypt to an RSA key. Give the RA an RSA key; the CA key may stay what it is.',
    );
  if (Buffer.compare(view.spki, key.spki) !== 0)
    throw new ConfigError('The RA key does not belong to the RA certificate.', 'Check the two file names of the RA.');
  return { certificate: view, keyIdentifier: keyIdentifier(view.spki), key };
}
