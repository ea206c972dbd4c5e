/** Makes the record of a certificate that an issuer returned, after checking that it is the one that was requested. */
import { catchDerError } from '../asn1/limits.ts';
import { equalBytes } from '../core/bytes.ts';
import type { Issued } from '../core/issuer.ts';
import type { EnrollmentRequest } from '../core/request.ts';
import type { CertificateName, StoredCertificate } from '../core/records.ts';
import { hash } from 'node:crypto';
import {
  certificateExtensions,
  type CertificateView,
  readCertificate,
  readValidity,
  serialText,
  thumbprint,
} from '../pkix/certificate.ts';
import { certificateNames } from '../pkix/certificate-names.ts';
import { issuerIdOf } from '../pkix/issuer-id.ts';
import { findExtension, readBasicConstraints } from '../pkix/extensions.ts';
import { nameText, sameName } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';

/**
 * Throws Error when it must not be delivered, because it certifies another key or a CA, or because its issuer is not in
 * the chain; DerError when it cannot be read.
 */
export function certificateRecord(
  { certificate: der, chain, reference }: Pick<Issued, 'certificate' | 'chain' | 'reference'>,
  request: EnrollmentRequest,
  issuedAt: Date,
): StoredCertificate {
  const view = readCertificate(der);
  if (!equalBytes(view.spki, request.csr.spki)) throw new Error('the issuer certified another key');
  const constraints = findExtension(certificateExtensions(view), OID.basicConstraints);
  if (constraints && readBasicConstraints(constraints.value).ca) throw new Error('the issuer made a CA');
  return {
    ...readValidity(view),
    ...issuerIn(chain, view),
    serial: serialText(view.serialNumber),
    endpoint: request.endpoint,
    transactionId: request.transactionId,
    subject: equalBytes(view.subject, request.csr.subject) ? request.csr.subjectText : nameText(view.subject),
    thumbprint: thumbprint(der),
    thumbprintSha256: hash('sha256', der, 'hex'),
    publicKeyHash: hash('sha256', view.spki, 'hex'),
    crlShard: 0,
    der,
    ...(reference !== undefined && { reference }),
    state: 'issued',
    issuedAt,
    firstIssuedAt: issuedAt,
  };
}

/** Throws Error when no certificate of the chain has the issuer's name. */
function issuerIn(chain: readonly Uint8Array[], { issuer }: CertificateView): Issuer {
  for (const der of chain) {
    const { subject, issuerId, text } = identityOf(der);
    if (sameName(subject, issuer)) return { issuerId, issuer: text };
  }
  throw new Error('the issuer certified under a name that is not in the chain it returned');
}

type Issuer = Pick<StoredCertificate, 'issuerId' | 'issuer'>;

/** `subject` is the Name of the CA in DER, `text` in RFC 4514 form. */
type CaIdentity = { subject: Uint8Array; text: string; issuerId: string };

/** By the array that holds the certificate: an issuer returns the same one each time. */
const IDENTITIES = new WeakMap<Uint8Array, CaIdentity>();

function identityOf(der: Uint8Array): CaIdentity {
  const known = IDENTITIES.get(der);
  if (known) return known;
  const { subject, spki } = readCertificate(der);
  const identity = { subject, text: nameText(subject), issuerId: issuerIdOf(subject, spki) };
  IDENTITIES.set(der, identity);
  return identity;
}

/**
 * The names in a certificate by which it can be found. None when they are malformed: the CA has made the certificate, and
 * it is delivered as it is.
 */
export const namesOf = (certificate: StoredCertificate): CertificateName[] =>
  catchDerError(
    () => certificateNames(readCertificate(certificate.der)),
    () => [],
  );
