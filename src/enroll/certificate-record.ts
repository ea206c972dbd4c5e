/** Makes the record of a certificate that an issuer returned, after checking that it is the one that was requested. */
import { catchDerError } from '../asn1/limits.ts';
import { equalBytes } from '../core/bytes.ts';
import { defined } from '../core/defined.ts';
import type { Issued, IssuerCapabilities } from '../core/issuer.ts';
import type { Allow } from '../core/policy.ts';
import type { EnrollmentRequest } from '../core/request.ts';
import type { CertificateName, StoredCertificate } from '../core/records.ts';
import { hash } from 'node:crypto';
import { type CertificateView, readCertificate, readValidity, serialText, thumbprint } from '../pkix/certificate.ts';
import { certificateNames } from '../pkix/certificate-names.ts';
import { issuerIdOf } from '../pkix/issuer-id.ts';
import { nameText, sameName } from '../pkix/name.ts';
import { isSignedBy } from '../pkix/signed-by.ts';
import { checkCertificate } from './check-certificate.ts';
import type { Endpoint } from './endpoint.ts';

/** What a certificate must fit: the request, what was allowed, and the endpoint, whose `chain` names the CAs that may have signed. */
export type WantedCertificate = {
  request: EnrollmentRequest;
  decision?: Allow;
  endpoint: Pick<Endpoint, 'issuer' | 'chain'>;
};

/**
 * Throws Error when it must not be delivered: it does not fit the request (see `checkCertificate`), its issuer is not in
 * the chain, is none of the endpoint, or did not sign it; DerError when it cannot be read.
 */
export function certificateRecord(
  { certificate: der, chain, reference, crlShard = 0, wantedEnd, latestEnd, allowedPurposes }: Omit<Issued, 'kind'>,
  { request, decision, endpoint }: WantedCertificate,
  issuedAt: Date,
): StoredCertificate {
  const view = readCertificate(der);
  const { capabilities } = endpoint.issuer;
  checkCertificate({
    view,
    csr: request.csr,
    now: issuedAt,
    ...defined({ capabilities, decision, wantedEnd, latestEnd, allowedPurposes }),
  });
  const issuer = issuerIn(chain, view, capabilities);
  if (!capabilities?.signsHere) assertPinned(issuer, endpoint.chain);
  return {
    ...readValidity(view),
    ...issuer,
    serial: serialText(view.serialNumber),
    endpoint: request.endpoint,
    transactionId: request.transactionId,
    subject: equalBytes(view.subject, request.csr.subject) ? request.csr.subjectText : nameText(view.subject),
    thumbprint: thumbprint(der),
    thumbprintSha256: hash('sha256', der, 'hex'),
    // In the standard form, also where the issuer wrote the key in another one.
    publicKeyHash: hash('sha256', request.csr.spki, 'hex'),
    crlShard,
    der,
    ...(reference !== undefined && { reference }),
    state: 'issued',
    issuedAt,
    firstIssuedAt: issuedAt,
  };
}

/** Throws Error when no certificate of the chain has the issuer's name, and when none of those that have it signed. */
export function issuerIn(
  chain: readonly Uint8Array[],
  view: CertificateView,
  capabilities?: IssuerCapabilities,
): Issuer {
  let isNamed = false;
  for (const der of chain) {
    const { subject, issuerId, text } = identityOf(der);
    if (!sameName(subject, view.issuer)) continue;
    if (capabilities?.signsHere || isSignedBy(view, der)) return { issuerId, issuer: text };
    isNamed = true;
  }
  throw new Error(
    isNamed
      ? 'the certificate is not signed with the key of the issuer that it names'
      : 'the issuer certified under a name that is not in the chain it returned',
  );
}

/** Who may sign is in the configuration, and not in the answer of the CA. */
function assertPinned({ issuerId, issuer }: Issuer, chain: readonly Uint8Array[]): void {
  if (!chain.some((der) => identityOf(der).issuerId === issuerId))
    throw new Error(`the certificate is of ${JSON.stringify(issuer.slice(0, 80))}, which is no CA of this endpoint`);
}

type Issuer = Pick<StoredCertificate, 'issuerId' | 'issuer'>;

/** `subject` is the Name of the CA in DER, `text` in RFC 4514 form. */
export type CaIdentity = { subject: Uint8Array; text: string; issuerId: string };

/** By the array that holds the certificate: an issuer returns the same one each time. */
const IDENTITIES = new WeakMap<Uint8Array, CaIdentity>();

/** Of a CA certificate, DER. Throws DerError when malformed. */
export function identityOf(der: Uint8Array): CaIdentity {
  const known = IDENTITIES.get(der);
  if (known) return known;
  const { subject, spki } = readCertificate(der);
  const identity = { subject, text: nameText(subject), issuerId: issuerIdOf(subject, spki) };
  IDENTITIES.set(der, identity);
  return identity;
}

/**
 * Whether this CA, a certificate in DER, made the certificate. The signature decides, not the issuer name, which anyone can
 * forge. False for one that names itself as issuer, and when one of the two cannot be read.
 */
export const isMadeBy = (view: CertificateView, ca: Uint8Array): boolean =>
  catchDerError(
    () =>
      !equalBytes(view.subject, view.issuer) && sameName(view.issuer, identityOf(ca).subject) && isSignedBy(view, ca),
    () => false,
  );

/**
 * The names in a certificate by which it can be found. None when they are malformed: the CA has made the certificate, and
 * it is delivered as it is.
 */
export const namesOf = (certificate: StoredCertificate): CertificateName[] =>
  catchDerError(
    () => certificateNames(readCertificate(certificate.der)),
    () => [],
  );
