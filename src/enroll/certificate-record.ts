/** Makes the record of a certificate that an issuer returned, after checking that it is the one that was requested. */
import { equalBytes } from '../core/bytes.ts';
import type { EnrollmentRequest } from '../core/request.ts';
import type { StoredCertificate } from '../core/records.ts';
import { certificateExtensions, readCertificate, readValidity, serialText, thumbprint } from '../pkix/certificate.ts';
import { findExtension, readBasicConstraints } from '../pkix/extensions.ts';
import { nameText } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';

/**
 * `der`: the certificate. Throws Error when it must not be delivered, because it certifies another key or a CA, and
 * DerError when it cannot be read.
 */
export function certificateRecord(der: Uint8Array, request: EnrollmentRequest, issuedAt: Date): StoredCertificate {
  const view = readCertificate(der);
  if (!equalBytes(view.spki, request.csr.spki)) throw new Error('the issuer certified another key');
  const constraints = findExtension(certificateExtensions(view), OID.basicConstraints);
  if (constraints && readBasicConstraints(constraints.value).ca) throw new Error('the issuer made a CA');
  return {
    ...readValidity(view),
    serial: serialText(view.serialNumber),
    endpoint: request.endpoint,
    transactionId: request.transactionId,
    subject: equalBytes(view.subject, request.csr.subject) ? request.csr.subjectText : nameText(view.subject),
    issuer: nameText(view.issuer),
    thumbprint: thumbprint(der),
    der,
    state: 'issued',
    issuedAt,
  };
}
