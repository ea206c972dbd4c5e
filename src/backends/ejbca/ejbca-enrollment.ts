/** What EJBCA is asked for a certificate: `pkcs10enroll` and `finalize` of its REST interface. */
import { hash } from 'node:crypto';
import type { CertificationRequest, EnrollmentRequest } from '../../core/request.ts';
import { findExtension } from '../../pkix/extensions.ts';
import { MOST_BACKDATED } from '../../pkix/made-since.ts';
import { isEmptyName } from '../../pkix/name.ts';
import { OID } from '../../pkix/oids.ts';
import { requestPem } from '../../pkix/pem.ts';
import type { EjbcaSettings } from './ejbca-settings.ts';

/**
 * The end entity of a request. It follows from the subject, because by default a CA of EJBCA gives a subject to one end entity only; where
 * there is no subject, from the subjectAltName. It is a hash, so that no request can name the end entity of somebody else.
 */
export function usernameOf({ csr }: EnrollmentRequest, prefix: string): string {
  const names = isEmptyName(csr.subject) ? alternativeNamesOf(csr) : csr.subject;
  return `${prefix}${hash('sha256', names, 'hex').slice(0, 32)}`;
}

const alternativeNamesOf = ({ extensions, subject }: CertificationRequest): Uint8Array =>
  findExtension(extensions, OID.subjectAltName)?.value ?? subject;

/** `password`: EJBCA wants one, which serves for this call and is kept nowhere. `end`: when the certificate must end, where an order says it. */
export type EnrollmentFields = { password: string; end?: Date | undefined };

/** The body of `pkcs10enroll`. */
export const enrollmentBody = (
  request: EnrollmentRequest,
  settings: EjbcaSettings,
  { password, end }: EnrollmentFields,
): object => ({
  certificate_request: requestPem(request.csr.der),
  certificate_profile_name: settings.certificateProfile,
  end_entity_profile_name: settings.endEntityProfile,
  certificate_authority_name: settings.certificateAuthority,
  username: usernameOf(request, settings.usernamePrefix),
  password,
  ...(end && { end_time: `${end.toISOString().slice(0, 19).replace('T', ' ')}+00:00` }),
  include_chain: false,
  response_format: 'DER',
});

/** The body of `finalize`, which makes the certificate of an order that was approved. */
export const finalizeBody = (password: string): object => ({ response_format: 'DER', password });

/** The criteria by which the valid certificates of an end entity are listed. EJBCA compares the beginning of the validity. */
export const searchBody = ({ holder, since }: { holder: string; since?: Date | undefined }): object => ({
  max_number_of_results: 100,
  criteria: [
    { property: 'QUERY', value: holder, operation: 'EQUAL' },
    { property: 'STATUS', value: 'CERT_ACTIVE', operation: 'EQUAL' },
    ...(since ? [{ property: 'ISSUED_DATE', value: earliest(since), operation: 'AFTER' }] : []),
  ],
});

const earliest = (since: Date): string =>
  new Date(since.getTime() - MOST_BACKDATED).toISOString().replace(/\.\d+Z$/, 'Z');
