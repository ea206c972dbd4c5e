/** Renewal (RFC 8894 2.3, 3.3.1): a valid certificate of this server authorizes its successor, without a challenge. */
import { catchDerError } from '../asn1/limits.ts';
import { equalBytes } from '../core/bytes.ts';
import type { EnrollmentRequest, Extension } from '../core/request.ts';
import type { Decision } from '../core/policy.ts';
import { Refusal } from '../core/errors.ts';
import { openOrder } from '../core/lifecycle.ts';
import type { CertificateId } from '../core/records.ts';
import type { CertificateStore } from '../core/store.ts';
import { type CertificateView, certificateExtensions, serialText } from '../pkix/certificate.ts';
import { findExtension, readGeneralNames } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import { allowsSelfRenewal, type Enrollment, type OwnCertificate } from './identify.ts';

/**
 * The certificate that signed a message with its record, if this server issued it. The store decides, not the issuer
 * name, which anyone can forge; the name check only avoids a query at each first enrolment. `issuer` is the subject of
 * the issuing CA, a Name in DER.
 */
export async function ownCertificate(
  view: CertificateView,
  issuer: Uint8Array | undefined,
  store: Pick<CertificateStore, 'findCertificatesBySerial'>,
): Promise<OwnCertificate | undefined> {
  if (!issuer || !equalBytes(issuer, view.issuer)) return undefined;
  const records = await store.findCertificatesBySerial(serialText(view.serialNumber));
  const record = records.find(({ der }) => equalBytes(der, view.der));
  return record && { record, view };
}

/**
 * The permission to renew the certificate that signed the request; undefined when it is not a certificate of this
 * server. Clients send RenewalReq or PKCSReq for it, so the message type does not matter. Throws Refusal
 * `renewal_refused` when a condition does not hold; falling back to the challenge would let an old certificate request
 * any name.
 */
export function renewalDecision(enrollment: Enrollment): Decision | undefined {
  const { signedBy } = enrollment;
  if (!signedBy) return undefined;
  const { serial } = signedBy.record;
  const obstacle = obstacleTo(signedBy, enrollment);
  if (obstacle !== undefined) throw new Refusal('renewal_refused', `certificate ${serial} ${obstacle}`);
  return { kind: 'allow', notify: 'none', vouchesForNames: true, facts: { renews: serial } };
}

/** The request for a policy that decides about renewals too. It has `renews` only when all conditions hold. */
export function asRenewal(enrollment: Enrollment): EnrollmentRequest {
  const { request, signedBy, endpoint } = enrollment;
  if (!signedBy || endpoint.renewal === false || obstacleTo(signedBy, enrollment) !== undefined) return request;
  return { ...request, renews: { serial: signedBy.record.serial, certificate: signedBy.record.der } };
}

/** The certificate that the request renews: the one from before the wait where the request waited for the CA. */
export function renewedCertificate(enrollment: Enrollment): CertificateId | undefined {
  const { earlier, signedBy } = enrollment;
  const order = earlier && openOrder(earlier);
  if (order) return order.renews;
  if (!signedBy || !asRenewal(enrollment).renews) return undefined;
  const { issuerId, serial } = signedBy.record;
  return { issuerId, serial };
}

/**
 * Whether the only permission of a request that waited for the CA is gone: the certificate that authorized its own
 * renewal was revoked meanwhile. Throws what the store throws.
 */
export async function lostPermission(enrollment: Enrollment): Promise<boolean> {
  const { endpoint, services } = enrollment;
  const renews = allowsSelfRenewal(endpoint) ? renewedCertificate(enrollment) : undefined;
  return renews !== undefined && (await services.store.findCertificate(renews))?.state === 'revoked';
}

/** The first condition that does not hold, as text; undefined when the certificate may be renewed. */
const obstacleTo = (renewed: OwnCertificate, enrollment: Enrollment): string | undefined =>
  conditions(renewed, enrollment).find(([holds]) => !holds)?.[1];

/** RFC 8894 2.3 leaves the conditions to the CA. NDES has these; each prevents an attack that worked against a peer. */
function conditions(
  { record, view }: OwnCertificate,
  { request, endpoint, services }: Enrollment,
): (readonly [boolean, string])[] {
  const now = services.clock();
  const left = record.notAfter.getTime() - now.getTime();
  const { subjectText, extensions } = request.csr;
  return [
    [record.endpoint === endpoint.name, 'belongs to another endpoint'],
    [record.state === 'delivered', 'is revoked or was never delivered'],
    [now >= record.notBefore && left > 0, 'is not valid now'],
    [endpoint.renewBefore === undefined || left <= endpoint.renewBefore, 'is not in its renewal window yet'],
    // Letter by letter, whatever the string types: to some systems `CN=Ada` and `CN=ada` are two people.
    [record.subject === subjectText, 'has another subject than the request'],
    [isSubset(altNames(extensions), altNames(certificateExtensions(view))), 'has not all names of the request'],
  ];
}

/** The DER of each subjectAltName, hexadecimal; undefined when the extension cannot be read. */
function altNames(extensions: readonly Extension[]): Set<string> | undefined {
  const extension = findExtension(extensions, OID.subjectAltName);
  return catchDerError(
    () => new Set(extension && readGeneralNames(extension.value).map(({ der }) => Buffer.from(der).toString('hex'))),
    () => undefined,
  );
}

const isSubset = (some: ReadonlySet<string> | undefined, all: ReadonlySet<string> | undefined): boolean =>
  some !== undefined && all !== undefined && [...some].every((name) => all.has(name));
