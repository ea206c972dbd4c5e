/** Reads a CA certificate and checks that clients will accept what it signs. */
import { catchDerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { equalBytes } from '../core/bytes.ts';
import { ConfigError } from '../core/errors.ts';
import type { Extension } from '../core/request.ts';
import {
  certificateExtensions,
  certificateSignature,
  type CertificateView,
  readCertificate,
  readValidity,
} from '../pkix/certificate.ts';
import { findExtension, keyIdentifier, readBasicConstraints, readKeyUsage } from '../pkix/extensions.ts';
import { nameText, sameName } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import { type PublicKey, readPublicKey } from '../pkix/public-key.ts';
import { verifySignature } from '../pkix/signature.ts';

/** A certificate that was checked to be a CA. */
export type CaCertificate = {
  der: Uint8Array;
  /** Name, DER. */
  subject: Uint8Array;
  /** The subject as RFC 4514 text. */
  text: string;
  publicKey: PublicKey;
  /**
   * The authority key identifier of certificates that it issues (RFC 5280 4.2.1.1): its SKI, or else one from its key.
   */
  keyIdentifier: Uint8Array;
  notBefore: Date;
  notAfter: Date;
  view: CertificateView;
};

/** Throws ConfigError when `der` is malformed, is not a CA, may not sign certificates, or is not valid at `now`. */
export function readCaCertificate(der: Uint8Array, now: Date): CaCertificate {
  const certificate = readParts(der);
  const { text, notBefore, notAfter } = certificate;
  if (now < notBefore)
    throw new ConfigError(`${text}: valid only from ${notBefore.toISOString()}`, 'Check the clock of this server.');
  if (now > notAfter)
    throw new ConfigError(`${text}: expired at ${notAfter.toISOString()}`, 'Renew this CA certificate.');
  return certificate;
}

const readParts = (der: Uint8Array): CaCertificate =>
  catchDerError(
    () => parsed(der),
    (cause) => {
      throw new ConfigError(`CA certificate: ${cause.message}`, 'Give an X.509 certificate, DER or PEM.', { cause });
    },
  );

function parsed(der: Uint8Array): CaCertificate {
  const view = readCertificate(der);
  const { subject, spki } = view;
  const text = nameText(subject);
  const extensions = certificateExtensions(view);
  assertCa(text, extensions);
  const own = findExtension(extensions, OID.subjectKeyIdentifier)?.value;
  return {
    der,
    subject,
    text,
    publicKey: readPublicKey(spki),
    keyIdentifier: own ? DerReader.over(own).octetString() : keyIdentifier(spki),
    ...readValidity(view),
    view,
  };
}

function assertCa(text: string, extensions: readonly Extension[]): void {
  const constraints = findExtension(extensions, OID.basicConstraints)?.value;
  if (!constraints || !readBasicConstraints(constraints).ca)
    throw new ConfigError(
      `${text}: not a CA certificate`,
      'Its basicConstraints must say CA:TRUE. certs/README.md shows how.',
    );
  const usage = findExtension(extensions, OID.keyUsage)?.value;
  if (usage && !readKeyUsage(usage).includes('keyCertSign'))
    throw new ConfigError(
      `${text}: may not sign certificates`,
      'Its keyUsage must have keyCertSign. certs/README.md shows how.',
    );
}

const issuedBy = (certificate: CaCertificate, issuer: CaCertificate): boolean => {
  const { algorithm, signature } = certificateSignature(certificate.view);
  return (
    sameName(certificate.view.issuer, issuer.subject) &&
    algorithm !== undefined &&
    verifySignature({ algorithm, key: issuer.publicKey.key, data: certificate.view.tbs, signature })
  );
};

/**
 * The certificates above `certificate`, nearest first, the root last. `chain`, DER in the same order, may contain the
 * certificate itself, as chain files do. Throws ConfigError when one did not sign the one before it, when the last is
 * not self-signed, and as `readCaCertificate` does.
 */
export function readChain(certificate: CaCertificate, chain: readonly Uint8Array[], now: Date): CaCertificate[] {
  const above = chain.filter((der) => !equalBytes(der, certificate.der)).map((der) => readCaCertificate(der, now));
  let below = certificate;
  for (const issuer of above) {
    if (!issuedBy(below, issuer))
      throw new ConfigError(
        `${below.text}: not signed by ${issuer.text}`,
        'Order the chain from the issuing CA up to the root, each certificate signed by the one after it.',
      );
    below = issuer;
  }
  if (!issuedBy(below, below))
    throw new ConfigError(
      `${below.text}: the chain ends here, and this is not a root`,
      `Add the certificate of ${nameText(below.view.issuer)}, and what is above it, to the chain.`,
    );
  return above;
}
