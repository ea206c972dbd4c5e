/** What an order says: the call that has step-ca sign, with what its template is told. */
import { createHash } from 'node:crypto';
import type { CertificationRequest, EnrollmentRequest, GeneralNameType } from '../../core/request.ts';
import { findExtension, readGeneralNames } from '../../pkix/extensions.ts';
import { ATTRIBUTES, readName } from '../../pkix/name.ts';
import { OID } from '../../pkix/oids.ts';
import { requestPem } from '../../pkix/pem.ts';
import type { BackendCall } from '../backend-call.ts';
import type { OrderedCertificate } from '../wanted-certificate.ts';
import type { ProvisionerTokens } from './provisioner-tokens.ts';

/** Path of the call that signs. */
export const SIGN = '/1.0/sign';

/** The call. Its token permits this one request, and has what the template in deploy/step-ca/ writes. */
export function signCall(
  { csr, requestKey }: EnrollmentRequest,
  wanted: OrderedCertificate,
  tokens: ProvisionerTokens,
): BackendCall {
  const ott = tokens.token({
    path: SIGN,
    // step-ca wants a subject, and compares it with a common name where there is one.
    subject: commonNameOf(csr) ?? requestKey,
    claims: {
      sans: namesIn(csr),
      cnf: { 'x5rt#S256': createHash('sha256').update(csr.der).digest('base64url') },
      openndes: toldTemplate(wanted),
    },
  });
  const json = { csr: requestPem(csr.der), ott, notAfter: seconds(wanted.notAfter) };
  return { method: 'POST', path: SIGN, json, idempotent: false, secrets: [ott] };
}

/** RFC 3339, without the fraction that no certificate has. */
const seconds = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');

/** Base64 of DER, which the template puts into the certificate. */
function toldTemplate({ subject, extensions }: OrderedCertificate) {
  const valueOf = (oid: string): string | undefined => {
    const found = findExtension(extensions, oid);
    return found && base64(found.value);
  };
  return {
    subject: base64(subject),
    keyUsage: valueOf(OID.keyUsage),
    extendedKeyUsage: valueOf(OID.extendedKeyUsage),
    subjectAltName: valueOf(OID.subjectAltName),
    subjectAltNameCritical: findExtension(extensions, OID.subjectAltName)?.critical ?? false,
  };
}

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

/** The last one, as Go reads names. */
const commonNameOf = ({ subject }: CertificationRequest): string | undefined =>
  readName(subject)
    .flat()
    .findLast(({ type }) => type === ATTRIBUTES.CN)?.text;

/** The kinds of names that step-ca compares with the token. */
const COMPARED: readonly GeneralNameType[] = ['dns', 'email', 'ip', 'uri'];

function namesIn({ extensions }: CertificationRequest): string[] {
  const found = findExtension(extensions, OID.subjectAltName);
  const names = found ? readGeneralNames(found.value) : [];
  return names.filter(({ type }) => COMPARED.includes(type)).map(({ text }) => text);
}
