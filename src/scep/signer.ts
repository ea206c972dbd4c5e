/** Finds the certificate of the key that signed a message. Only its key is trusted. */
import { DerReader } from '../asn1/reader.ts';
import type { SignedData, SignerId, SignerInfo } from '../cms/signed-data.ts';
import { equalBytes } from '../core/bytes.ts';
import { Refusal } from '../core/errors.ts';
import { type CertificateView, certificateExtensions, readCertificate } from '../pkix/certificate.ts';
import { findExtension, keyIdentifier } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import { type PublicKey, readPublicKey } from '../pkix/public-key.ts';

/** The certificate from the message, and its imported key. */
export type MessageSigner = { certificate: CertificateView; key: PublicKey };

/**
 * The signer's certificate by its identifier, not by position: clients add others. RFC 8894 2.3 lets a client use any
 * certificate with its key, so subject, validity, extensions and self-signature are not checked; Windows signs with a
 * critical AKI, Apple with a UUID as name. Throws Refusal `signature_invalid` without a certificate, `algorithm_refused`
 * for a key that cannot be used.
 */
export function findSigner(data: SignedData, signer: SignerInfo): MessageSigner {
  const certificates = data.certificates.map(readCertificate);
  // Some clients re-encode the issuer in the identifier. A single certificate is the signer's, whatever it says.
  const certificate =
    certificates.find((candidate) => identifies(signer.id, candidate)) ??
    (certificates.length === 1 ? certificates[0] : undefined);
  if (!certificate) throw new Refusal('signature_invalid', 'the certificate of the signer is not in the message');
  return { certificate, key: readSignerKey(certificate) };
}

function readSignerKey(certificate: CertificateView): PublicKey {
  try {
    return readPublicKey(certificate.spki);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unreadable';
    throw new Refusal('algorithm_refused', `the key of the signer cannot be used: ${why}`, { cause });
  }
}

const identifies = (id: SignerId, certificate: CertificateView): boolean =>
  'keyIdentifier' in id
    ? subjectKeyIdentifiers(certificate).some((candidate) => equalBytes(candidate, id.keyIdentifier))
    : equalBytes(id.serialNumber, certificate.serialNumber) && equalBytes(id.issuer, certificate.issuer);

/** The value of the extension, if any, and the hash that RFC 5280 4.2.1.2 (1) suggests. */
function subjectKeyIdentifiers(certificate: CertificateView): Uint8Array[] {
  const extension = findExtension(certificateExtensions(certificate), OID.subjectKeyIdentifier);
  return [...(extension ? [DerReader.over(extension.value).octetString()] : []), keyIdentifier(certificate.spki)];
}
