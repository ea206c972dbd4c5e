/** Puts certificates into the order of a chain, as files from other tools often do not have it. */
import { catchDerError } from '../asn1/limits.ts';
import { equalBytes } from '../core/bytes.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { sameName } from '../pkix/name.ts';
import { readKey } from '../pkix/public-key.ts';
import { isSignedBy } from '../pkix/signed-by.ts';

/** More CAs than any chain has. */
const LONGEST = 16;

/**
 * The certificates above `certificate` that are in `others`, nearest first, each the signer of the one before it; DER.
 * It ends at a root, and where the next one is missing. Throws DerError when a certificate cannot be read.
 */
export function chainAbove(certificate: Uint8Array, others: readonly Uint8Array[]): Uint8Array[] {
  const chain: Uint8Array[] = [];
  for (let below = certificate; chain.length < LONGEST; ) {
    const view = readCertificate(below);
    const issuer = others.find(
      (der) => !equalBytes(der, below) && sameName(readCertificate(der).subject, view.issuer) && isSignedBy(view, der),
    );
    if (!issuer || chain.includes(issuer)) break;
    chain.push(issuer);
    below = issuer;
  }
  return chain;
}

/** The certificate of a key, SubjectPublicKeyInfo, DER; undefined when none is there. */
export const certificateOf = (spki: Uint8Array, certificates: readonly Uint8Array[]): Uint8Array | undefined =>
  certificates.find((der) =>
    catchDerError(
      () => equalBytes(readKey(readCertificate(der).spki).spki, readKey(spki).spki),
      () => false,
    ),
  );
