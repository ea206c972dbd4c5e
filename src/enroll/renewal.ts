/** Renewal (RFC 8894 2.3, 3.3.1.2): a certificate of ours speaks for the next one, in place of a challenge. */
import { DerError } from '../asn1/limits.ts';
import type { CertificationRequest, EnrollmentRequest, Extension } from '../core/request.ts';
import type { Decision } from '../core/policy.ts';
import { Refusal } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import type { StoredCertificate } from '../core/records.ts';
import { certificateExtensions, readCertificate, serialText } from '../pkix/certificate.ts';
import { readGeneralNames } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import type { Endpoint } from './endpoint.ts';
import type { Recognised } from './identify.ts';

/**
 * What the store knows of the certificate that signed a message, if it is one of ours. The store decides and not the
 * name of the issuer in it, which anybody can write; the name only saves the look for every first enrolment.
 */
export async function ownCertificate(
  der: Uint8Array,
  { chain }: Endpoint,
  store: Store,
): Promise<StoredCertificate | undefined> {
  const { issuer, serialNumber } = readCertificate(der);
  const [issuing] = chain;
  if (!issuing || Buffer.compare(readCertificate(issuing).subject, issuer) !== 0) return undefined;
  const stored = await store.findCertificate(serialText(serialNumber));
  return stored && Buffer.compare(stored.der, der) === 0 ? stored : undefined;
}

/** What keeps the request from being a renewal of the certificate that signed it, in words; undefined when nothing does. */
function obstacle(
  csr: CertificationRequest,
  renewed: StoredCertificate,
  endpoint: Endpoint,
  now: Date,
): string | undefined {
  return conditions(csr, renewed, endpoint, now).find(([holds]) => !holds)?.[1];
}

/**
 * Permission to renew the certificate that signed the request; undefined when none of ours did. Clients send RenewalReq
 * or PKCSReq for it, so the type does not matter. Throws Refusal `renewal_refused` when it may not be renewed so:
 * falling back to the challenge would let an old certificate name anybody.
 */
export function renewalDecision(
  { request, signedBy }: Recognised,
  endpoint: Endpoint,
  now: Date,
): Decision | undefined {
  if (!signedBy) return undefined;
  const words = obstacle(request.csr, signedBy, endpoint, now);
  if (words !== undefined) throw new Refusal('renewal_refused', `certificate ${signedBy.serial} ${words}`);
  return { kind: 'allow', notify: 'none', vouchesForNames: true, facts: { renews: signedBy.serial } };
}

/** The request for a policy that decides about renewals too: it says what is renewed only where nothing is against it. */
export function asRenewal({ request, signedBy }: Recognised, endpoint: Endpoint, now: Date): EnrollmentRequest {
  const renewable = endpoint.renewal !== false && signedBy;
  if (!renewable || obstacle(request.csr, renewable, endpoint, now) !== undefined) return request;
  return { ...request, renews: { serial: renewable.serial, certificate: renewable.der } };
}

/** RFC 8894 2.3 leaves them to the CA; NDES and every bypass that was found in a peer agree on these. */
function conditions(
  { subjectText, extensions }: CertificationRequest,
  { der, ...renewed }: StoredCertificate,
  endpoint: Endpoint,
  now: Date,
): [boolean, string][] {
  const left = renewed.notAfter.getTime() - now.getTime();
  return [
    [renewed.endpoint === endpoint.name, 'belongs to another endpoint'],
    [renewed.state === 'delivered', 'is revoked or was never delivered'],
    [now >= renewed.notBefore && left > 0, 'is not valid now'],
    [endpoint.renewBefore === undefined || left <= endpoint.renewBefore, 'is not in its renewal window yet'],
    // To the letter, whatever the string types: there are systems to which `CN=Ada` and `CN=ada` are two people.
    [renewed.subject === subjectText, 'has another subject than the request'],
    [
      isSubset(altNames(extensions), altNames(certificateExtensions(readCertificate(der)))),
      'has not all names of the request',
    ],
  ];
}

/** The DER of each subjectAltName, hexadecimal; undefined when the extension cannot be read. */
function altNames(extensions: readonly Extension[]): Set<string> | undefined {
  const extension = extensions.find(({ oid }) => oid === OID.subjectAltName);
  try {
    return new Set(extension && readGeneralNames(extension.value).map(({ der }) => Buffer.from(der).toString('hex')));
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

const isSubset = (some: ReadonlySet<string> | undefined, all: ReadonlySet<string> | undefined): boolean =>
  some !== undefined && all !== undefined && [...some].every((name) => all.has(name));
