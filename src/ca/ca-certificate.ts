/** Reads a CA certificate and makes sure that it is one: what it signs must verify at every client. */
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { ConfigError } from '../core/errors.ts';
import {
  certificateExtensions,
  certificateSignature,
  type CertificateView,
  readCertificate,
  readValidity,
} from '../pkix/certificate.ts';
import { keyIdentifier, readBasicConstraints, readKeyUsage } from '../pkix/extensions.ts';
import { nameText, sameName } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import { type PublicKey, readPublicKey } from '../pkix/public-key.ts';
import { verifySignature } from '../pkix/signature.ts';

export type CaCertificate = {
  der: Uint8Array;
  /** Name, DER. */
  subject: Uint8Array;
  /** RFC 4514. */
  text: string;
  publicKey: PublicKey;
  /** What certificates under it name as their authority key (RFC 5280 4.2.1.1): its own SKI, as it has it. */
  keyIdentifier: Uint8Array;
  notBefore: Date;
  notAfter: Date;
  view: CertificateView;
};

/** Throws ConfigError when the certificate cannot be read, is no CA, may not sign certificates, or is not valid now. */
export function readCaCertificate(der: Uint8Array, now: Date): CaCertificate {
  const certificate = readParts(der);
  const { text, notBefore, notAfter } = certificate;
  if (now < notBefore)
    throw new ConfigError(`${text}: valid only from ${notBefore.toISOString()}`, 'Look at the clock of this server.');
  if (now > notAfter)
    throw new ConfigError(`${text}: expired at ${notAfter.toISOString()}`, 'Renew this CA certificate.');
  return certificate;
}

function readParts(der: Uint8Array): CaCertificate {
  try {
    const view = readCertificate(der);
    const { subject, spki } = view;
    const text = nameText(subject);
    const extensions = new Map(certificateExtensions(view).map(({ oid, value }) => [oid, value]));
    assertCa(text, extensions);
    const own = extensions.get(OID.subjectKeyIdentifier);
    return {
      der,
      subject,
      text,
      publicKey: readPublicKey(spki),
      keyIdentifier: own ? DerReader.over(own).octetString() : keyIdentifier(spki),
      ...readValidity(view),
      view,
    };
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new ConfigError(`CA certificate: ${cause.message}`, 'Give an X.509 certificate, DER or PEM.', { cause });
  }
}

function assertCa(text: string, extensions: ReadonlyMap<string, Uint8Array>): void {
  const constraints = extensions.get(OID.basicConstraints);
  if (!constraints || !readBasicConstraints(constraints).ca)
    throw new ConfigError(
      `${text}: not a CA certificate`,
      'Its basicConstraints must say CA:TRUE. certs/README.md shows how.',
    );
  const usage = extensions.get(OID.keyUsage);
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
 * The certificates above this one, nearest first, the root last. `chain` may repeat the certificate itself, as chain
 * files do. Throws ConfigError when one does not sign the one before, or when the last is no root.
 */
export function readChain(certificate: CaCertificate, chain: readonly Uint8Array[], now: Date): CaCertificate[] {
  const above = chain
    .filter((der) => Buffer.compare(der, certificate.der) !== 0)
    .map((der) => readCaCertificate(der, now));
  const path = [certificate, ...above];
  for (const [i, issuer] of above.entries())
    if (!issuedBy(path[i]!, issuer))
      throw new ConfigError(
        `${path[i]!.text}: not signed by ${issuer.text}`,
        'Order the chain from the issuing CA up to the root, each certificate signed by the one after it.',
      );
  const root = path.at(-1)!;
  if (!issuedBy(root, root))
    throw new ConfigError(
      `${root.text}: the chain ends here, and this is not a root`,
      `Add the certificate of ${nameText(root.view.issuer)}, and what is above it, to the chain.`,
    );
  return above;
}
