/** The registration authority (RA): the keys that open messages and the key that signs replies. */
import { equalBytes } from '../core/bytes.ts';
import type { KeyProvider } from '../core/keys.ts';
import { ConfigError } from '../core/errors.ts';
import type { RecipientKey } from '../cms/enveloped-data.ts';
import { type CertificateView, readCertificate } from '../pkix/certificate.ts';
import { keyIdentifier } from '../pkix/extensions.ts';

/** The certificates and keys of an RA. */
export type RegistrationAuthority = {
  /** Signs every CertRep; its certificate is in GetCACert and in every reply. */
  signer: { certificate: CertificateView; key: KeyProvider };
  /** These open requests: the current key first, then retired ones, because clients keep old RA certificates. */
  recipients: readonly RecipientKey[];
};

/** One certificate, DER, and its key. */
export type KeyedCertificate = { certificate: Uint8Array; key: KeyProvider };

/**
 * An RA whose `current` key opens messages and signs replies. In a split RA `signer` signs, and `current` only opens.
 * Throws ConfigError when a key cannot decrypt or does not match its certificate.
 */
export function registrationAuthority(
  current: KeyedCertificate,
  retired: readonly KeyedCertificate[] = [],
  signer: KeyedCertificate = current,
): RegistrationAuthority {
  const recipients = [current, ...retired].map(recipientKey);
  return { signer: { certificate: fitting(signer), key: signer.key }, recipients };
}

function recipientKey(keyed: KeyedCertificate): RecipientKey {
  const { key } = keyed;
  if (key.kind.type !== 'rsa' || !key.decrypt)
    throw new ConfigError(
      'The RA key cannot decrypt.',
      'SCEP clients encrypt to an RSA key. Give the RA an RSA key; the CA key may stay what it is.',
    );
  const certificate = fitting(keyed);
  return { certificate, keyIdentifier: keyIdentifier(certificate.spki), key };
}

function fitting({ certificate, key }: KeyedCertificate): CertificateView {
  const view = readCertificate(certificate);
  if (!equalBytes(view.spki, key.spki))
    throw new ConfigError('The RA key does not belong to the RA certificate.', 'Check the two file names of the RA.');
  return view;
}
