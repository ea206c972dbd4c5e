/** The registration authority (RA): the keys that open messages and the key that signs replies. */
import { equalBytes } from '../core/bytes.ts';
import type { KeyProvider } from '../core/keys.ts';
import { ConfigError } from '../core/errors.ts';
import type { RecipientKey } from '../cms/enveloped-data.ts';
import { certificateExtensions, type CertificateView, readCertificate, readValidity } from '../pkix/certificate.ts';
import { findExtension, keyIdentifier, readKeyUsage } from '../pkix/extensions.ts';
import { isMlKem } from '../pkix/ml-kem.ts';
import { OID } from '../pkix/oids.ts';

/** What signs a CertRep; the certificate is in the reply. */
export type ReplySigner = { certificate: CertificateView; key: KeyProvider };

/** The certificates and keys of an RA. */
export type RegistrationAuthority = {
  /** Its certificate is in GetCACert. */
  signer: ReplySigner;
  /** Retired ones that may sign: only these are known to a client that has an old RA certificate. */
  earlier: readonly ReplySigner[];
  /** These open requests: the current key first, then retired ones, because clients keep old RA certificates. */
  recipients: readonly RecipientKey[];
  /** These open requests with a KEMRecipientInfo (RFC 9629): the current ML-KEM key first. */
  kem: readonly RecipientKey[];
};

/** One certificate, DER, and its key. */
export type KeyedCertificate = { certificate: Uint8Array; key: KeyProvider };

/**
 * An RA whose `current` key opens messages and signs replies. In a split RA `signer` signs all replies, and `current` only opens.
 * `kem`: ML-KEM keys that open messages too, the current one first.
 * Throws ConfigError when a key cannot decrypt or does not match its certificate.
 */
export function registrationAuthority(
  current: KeyedCertificate,
  retired: readonly KeyedCertificate[] = [],
  signer: KeyedCertificate = current,
  kem: readonly KeyedCertificate[] = [],
): RegistrationAuthority {
  const recipients = [current, ...retired].map(recipientKey);
  const earlier = signer === current ? recipients.slice(1).filter(maySign) : [];
  return { signer: { certificate: fitting(signer), key: signer.key }, earlier, recipients, kem: kem.map(kemKey) };
}

function kemKey(keyed: KeyedCertificate): RecipientKey {
  const { key } = keyed;
  if (!isMlKem(key.kind.type) || !key.decapsulate)
    throw new ConfigError('The second RA key is no ML-KEM key.', 'Give `kem` an ML-KEM key and its certificate.');
  const certificate = fitting(keyed);
  return { certificate, keyIdentifier: keyIdentifier(certificate.spki), key };
}

/** Who signs the reply to a message that is encrypted to `recipient`, an RA certificate, DER: a retired RA that is valid, or the signer. */
export function signerFor(
  { signer, earlier }: RegistrationAuthority,
  recipient: Uint8Array | undefined,
  now: Date,
): ReplySigner {
  if (!recipient || earlier.length === 0) return signer;
  const named = earlier.find(({ certificate }) => equalBytes(certificate.der, recipient));
  return named && readValidity(named.certificate).notAfter > now ? named : signer;
}

/** RFC 5280 4.2.1.3: without the extension every usage is allowed. One that cannot be read allows none. */
function maySign({ certificate }: ReplySigner): boolean {
  try {
    const usage = findExtension(certificateExtensions(certificate), OID.keyUsage);
    return !usage || readKeyUsage(usage.value).includes('digitalSignature');
  } catch {
    return false;
  }
}

function recipientKey(keyed: KeyedCertificate): RecipientKey {
  const { key } = keyed;
  if (key.kind.type !== 'rsa' || !key.decrypt)
    throw new ConfigError(
      'The RA key cannot decrypt.',
      'SCEP clients encrypt to an RSA key by RSA PKCS#1 v1.5, which most HSMs in FIPS mode and most KMS refuse. Give the RA an RSA key in software (`ra: auto`), or in a token that decrypts so; the CA key may stay what it is.',
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
