/** What a browser may learn at a SCEP URL: the names and thumbprints in the public answer to GetCACert. */
import { readCertificate, thumbprint, thumbprintSha256 } from '../pkix/certificate.ts';
import { nameText, sameName } from '../pkix/name.ts';

/** `name` is the subject as RFC 4514 text; `thumbprint` the SHA-1 of the certificate in upper-case hexadecimal, `sha256` as that. */
export type CaFacts = { name: string; thumbprint: string; sha256: string };

/**
 * The CA certificates that the page names. `root` only when the chain includes it; `rootFile` is that certificate, DER.
 * `outOfForce`: certificates of this URL have ended or are not valid yet. `waiting`: requests wait, because what decides
 * about them or signs does not answer.
 */
export type Landing = {
  issuing?: CaFacts;
  root?: CaFacts;
  rootFile?: Uint8Array;
  outOfForce?: boolean;
  waiting?: boolean;
};

/** From the chain of GetCACert: the issuing CA first, the root last. Throws DerError when a certificate cannot be read. */
export function landingOf(chain: readonly Uint8Array[]): Landing {
  const [issuing, last] = [chain[0], chain.at(-1)];
  if (!issuing || !last) return {};
  return { issuing: caFacts(issuing), ...(isSelfIssued(last) && { root: caFacts(last) }) };
}

/** The last of the chain when it is a root. */
export function rootOf(chain: readonly Uint8Array[]): Uint8Array | undefined {
  const last = chain.at(-1);
  return last && isSelfIssued(last) ? last : undefined;
}

const caFacts = (der: Uint8Array): CaFacts => ({
  name: nameText(readCertificate(der).subject),
  thumbprint: thumbprint(der),
  sha256: thumbprintSha256(der),
});

function isSelfIssued(der: Uint8Array): boolean {
  const { subject, issuer } = readCertificate(der);
  return sameName(subject, issuer);
}
